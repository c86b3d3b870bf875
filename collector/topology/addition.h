// Addition: something that a fleet could have beside what it has, as the lanes it would bring.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "collector/topology/improvement.h"

namespace postwatch::collector {

// A lane that is not there yet. Ids from the catalog's component count on are new components, which
// nobody else has.
struct NewLane {
  Plane plane = Plane::kMail;
  double per_minute = 0;
  std::vector<ComponentId> crossed;
};

struct Addition {
  AdditionKind kind = AdditionKind::kCheck;
  std::string what;
  std::vector<NewLane> lanes;
  bool new_network = false;  // they are one new agent's, on a network of its own
  // Existing runs of this plane come so much more often.
  Plane plane = Plane::kControl;
  double more_often = 1;
};

// Everything worth a look, cheapest kind first: each kind of check twice as often, another service
// or zone, a second account, an agent in each region.
std::vector<Addition> PossibleAdditions(const Coverage& coverage, std::span<const Reach> reaches);

}  // namespace postwatch::collector
