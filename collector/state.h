// State: what a starting collector reads back from its store.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "collector/engine.h"
#include "collector/store/store.h"

namespace postwatch::collector {

struct SavedState {
  EngineState engine;
  std::vector<Delivery> pending;  // decided, not delivered
};

// `window` is the correlator's: older evidence no longer counts. What checks of the plan said
// longer ago, and is still fresh because they run so rarely, is for the board.
absl::StatusOr<SavedState> ReadState(Store& store, absl::Time now, absl::Duration window,
                                     const FleetPlan& plan);

}  // namespace postwatch::collector
