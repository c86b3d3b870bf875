// Write file: a text as a file, whole or not at all.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace postwatch::cli {

// AlreadyExists when it is there and is not to be replaced; else what the system says. Everybody
// may read it.
absl::Status WriteTextFile(const std::string& path, std::string_view text, bool replace);

}  // namespace postwatch::cli
