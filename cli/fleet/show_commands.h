// `postwatch incidents` and `postwatch agents`: what a collector knows, over its HTTP API.
#pragma once

#include <span>
#include <string_view>

namespace postwatch::cli {

int RunIncidents(std::span<const std::string_view> arguments);
int RunAgents(std::span<const std::string_view> arguments);

}  // namespace postwatch::cli
