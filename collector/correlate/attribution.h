// Attribution: which components explain the failures. Each run is a noisy-OR of what it crossed;
// the likeliest set is found greedily, explaining failures away; what explains them almost as well
// is the alternative.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "collector/correlate/situation.h"
#include "collector/model/verdict.h"

namespace postwatch::collector {

// Who sees it fail now.
struct Quorum {
  std::set<std::string> agents, regions, networks;
  bool confirmed = false;  // at least one of them was asked to look again
  bool named = false;      // the failures name their cause

  // Two regions and two networks where the fleet has them; two regions suffice for failures that
  // name their cause.
  bool Meets(const FleetShape& fleet) const;
};

struct Suspect {
  ComponentRef component;
  ComponentId id = 0;
  bool real = false;
  double gain = 0;       // log odds against nothing being wrong
  double real_odds = 0;  // log odds against the best explanation by local faults; real only
  double share = 0;      // of the attempts that fail, as fitted
  absl::Time since;
  std::vector<size_t> failures;  // indices of Situation::events
  int64_t passes = 0;
  Quorum quorum;
  double confidence = 0;
  std::vector<Alternative> alternatives;  // at most 3, likeliest first
  std::vector<ComponentRef> also;         // smaller suspects that are part of this one
};

// What is already known to be wrong.
struct KnownFaults {
  std::set<ComponentRef> real;   // of open incidents: suspected still without a quorum
  std::set<ComponentRef> local;  // open for some time: an agent they explain is no new witness
};

// Real suspects first, then local ones; each in the order found. A failure accuses only what
// explains it best.
std::vector<Suspect> Attribute(const Situation& situation, const ComponentTable& components,
                               const KnownFaults& known);

}  // namespace postwatch::collector
