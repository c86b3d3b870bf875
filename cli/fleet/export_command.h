// `postwatch export`: what agents reported to a collector, as a scenario to replay.
#pragma once

#include <span>
#include <string_view>

namespace postwatch::cli {

int RunExport(std::span<const std::string_view> arguments);

}  // namespace postwatch::cli
