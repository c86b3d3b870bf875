// `postwatch check-topology`: which faults a fleet cannot tell apart, and what would mend that.
#pragma once

#include <span>
#include <string_view>

namespace postwatch::cli {

int RunCheckTopology(std::span<const std::string_view> arguments);

}  // namespace postwatch::cli
