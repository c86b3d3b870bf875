// Log sink: alerts as lines of the collector's own log.
#pragma once

#include <memory>

#include "collector/alert/alert_sink.h"

namespace postwatch::collector {

// No settings.
std::unique_ptr<AlertSink> MakeLogSink(SettingsReader& settings, const SinkDeps& deps);

}  // namespace postwatch::collector
