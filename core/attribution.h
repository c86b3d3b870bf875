// Attribution: which components explain the failures. Each run is a noisy-OR of what it crossed;
// the likeliest set is found greedily, explaining failures away; what explains them almost as well
// is the alternative.
#pragma once

#include <set>
#include <vector>

#include "fit.h"

namespace postwatch::collector {

struct Rival {
  ComponentId id = 0;
  double gain = 0;
};

struct Suspect {
  ComponentId id = 0;
  Kind kind = Kind::kOther;
  Fit fit;
  double gain = 0;     // log odds against nothing being wrong
  double bounded = 0;  // the same where what one agent can add is bounded
  double odds = 0;  // log odds against the best explanation by local faults alone
  double began = 0, newest = 0;  // when its first and its latest failure began
  std::vector<FailureId> failures;  // of which it is the explanation
  std::vector<Rival> rivals;        // likeliest first
  int64_t passes = 0;
  double confidence = 0;
};

struct Known {
  std::set<ComponentId> open;  // blamed by an open incident: no doubt that they do fail
};

std::vector<Suspect> Attribute(const Catalog& catalog, const Suspicions& suspicions,
                               const Known& known);

}  // namespace postwatch::collector
