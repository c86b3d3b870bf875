// `postwatch replay`: what a collector would have said of recorded results.
#pragma once

#include <span>
#include <string_view>

namespace postwatch::cli {

int RunReplay(std::span<const std::string_view> arguments);

}  // namespace postwatch::cli
