// Sinks: from configured sinks to the objects that send.
#pragma once

#include <memory>
#include <vector>

#include "collector/alert/alert_sink.h"
#include "collector/config.h"

namespace postwatch::collector {

// All sinks of the configuration, in its order; null in place of one with a mistake. `clock` must
// outlive them.
std::vector<std::unique_ptr<AlertSink>> MakeSinks(const CollectorConfig& config, const Clock& clock,
                                                  Mistakes& mistakes);

}  // namespace postwatch::collector
