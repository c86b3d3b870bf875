// Attribution: which components explain the failures. Each run is a noisy-OR of what it crossed;
// the likeliest set is found greedily, explaining failures away; what explains them almost as well
// is the alternative.
#pragma once

#include <functional>
#include <set>
#include <vector>

#include "collector/correlate/fit.h"

namespace postwatch::collector {

struct Rival {
  ComponentId id = 0;
  double gain = 0;
  double confidence = 0;
};

struct Suspect {
  ComponentId id = 0;
  Kind kind = Kind::kOther;
  Fit fit;
  double gain = 0;                  // log odds against nothing being wrong
  double bounded = 0;               // the same where what one agent can add is bounded
  double odds = 0;                  // log odds against the best explanation by local faults alone
  double began = 0, newest = 0;     // when its first and its latest failure began
  double span = 0;                  // from the second failure to the latest
  std::vector<FailureId> failures;  // of which it is the explanation
  std::vector<Rival> rivals;        // likeliest first
  int64_t passes = 0;
  double confidence = 0;
};

// `known`: components that open incidents blame; no doubt that they do fail. `excused`: failures
// that are their agent's own and accuse nobody else. In the order found.
std::vector<Suspect> Attribute(const Catalog& catalog, const Suspicions& suspicions,
                               const std::set<ComponentId>& known,
                               const std::function<bool(const FailureRecord&)>& excused);

}  // namespace postwatch::collector
