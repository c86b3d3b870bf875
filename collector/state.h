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

// `window` is the correlator's: older evidence no longer counts.
absl::StatusOr<SavedState> ReadState(Store& store, absl::Time now, absl::Duration window);

}  // namespace postwatch::collector
