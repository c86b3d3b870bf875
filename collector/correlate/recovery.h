// Recovery: whether the fault of an open incident is over.
#pragma once

#include <set>
#include <string>

#include "absl/time/time.h"
#include "collector/correlate/evidence.h"
#include "collector/correlate/incident_book.h"
#include "collector/correlate/witness.h"

namespace postwatch::collector {

struct Recovery {
  bool over = false;
  absl::Time ended;       // estimated, when over
  std::string why;        // when over
  std::set<CellKey> ask;  // who should look again now; only when there are first signs of it
};

// Over when the checks that failed pass again, from two regions where there are two, with no
// failure since, either twice each or for the hold-down; partial faults need more passes. One
// network that alone still sees failures does not keep a fault of the service open.
Recovery JudgeRecovery(const OpenIncident& open, const Evidence& evidence, const Witness& witness,
                       absl::Time now);

}  // namespace postwatch::collector
