// `postwatch watch`: whether a domain's mail gets worse while something is changed.
#pragma once

#include <span>
#include <string_view>

namespace postwatch::cli {

int RunWatchCommand(std::span<const std::string_view> arguments);

}  // namespace postwatch::cli
