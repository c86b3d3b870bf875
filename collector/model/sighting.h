// Sighting: an observation as the collector has it: who saw it, from where, and when it came in.
#pragma once

#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "common/model/check_spec.h"
#include "common/model/observation.h"
#include "common/model/vantage.h"

namespace postwatch::collector {

struct Sighting {
  Observation observation;
  // The same observation in its wire form, as the agent sent it, so that a store need not make it
  // again. Empty when there is none; whoever changes `observation` must empty it.
  std::string wire;
  Vantage vantage;
  std::string provider;     // of the check; empty for control checks
  Leg leg = Leg::kControl;  // of the check
  std::string spool_id;     // (agent, spool_id, sequence) is unique
  uint64_t sequence = 0;
  absl::Time received;  // the collector's clock
};

}  // namespace postwatch::collector
