// Export: what agents saw in a span of time, as a scenario that `postwatch replay` reads.
#pragma once

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "collector/model/fleet.h"
#include "collector/scenario/scenario_writer.h"
#include "collector/store/store.h"

namespace postwatch::collector {

struct ExportRange {
  absl::Time from, to;  // received at or after, and before
  int most = 50000;     // observations
};

// InvalidArgument when the range holds more than it may. Reads a page at a time, so that no more
// than one of them is in memory with all that servers said.
absl::StatusOr<std::string> ExportScenario(Store& store, const ExportRange& range,
                                           const FleetPlan& plan,
                                           const ScenarioWriter::Crossing& crossing);

}  // namespace postwatch::collector
