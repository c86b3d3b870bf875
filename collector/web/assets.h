// Assets: the page's files, embedded in the program at build time (cmake/PostwatchTargets.cmake).
#pragma once

#include <string_view>

namespace postwatch::collector {

struct Asset {
  std::string_view path;  // "/", "/app.js"
  std::string_view content_type;
  std::string_view body;
};

// Null when there is none of that path.
const Asset* FindAsset(std::string_view path);

}  // namespace postwatch::collector
