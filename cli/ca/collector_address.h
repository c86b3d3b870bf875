// Collector address: where `postwatch-agent join` finds a collector.
#pragma once

#include <string_view>

namespace postwatch::cli {

// Whether `postwatch-agent join` takes it: "HOST", "HOST:PORT", "[IPV6]" or "[IPV6]:PORT".
bool IsCollectorAddress(std::string_view text);

}  // namespace postwatch::cli
