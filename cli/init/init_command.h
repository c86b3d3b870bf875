// `postwatch init`: a good first configuration of a collector, from a look at the domain.
#pragma once

#include <span>
#include <string_view>

namespace postwatch::cli {

int RunInit(std::span<const std::string_view> arguments);

}  // namespace postwatch::cli
