// `postwatch check`: everything that can be checked of one domain from here, once.
#pragma once

#include <span>
#include <string_view>

namespace postwatch::cli {

int RunCheck(std::span<const std::string_view> arguments);

}  // namespace postwatch::cli
