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
  // The same observation in its wire form, as the agent sent it: what a store keeps. On the way in,
  // from ingest through the store to the engine, `observation` has neither steps nor evidence:
  // nobody there asks for them, and to take them apart costs more than the rest; whoever reads from
  // the store gets them. Empty when there are no such bytes: then a store keeps `observation`.
  std::string wire;
  Vantage vantage;
  std::string provider;     // of the check; empty for control checks
  Leg leg = Leg::kControl;  // of the check
  std::string spool_id;     // (agent, spool_id, sequence) is unique
  uint64_t sequence = 0;
  absl::Time received;   // the collector's clock
  std::string revision;  // of the configuration in force then; may be empty
  // `touched` names everything the run depended on: nothing is to be inferred (replay).
  bool crossing_known = false;
};

}  // namespace postwatch::collector
