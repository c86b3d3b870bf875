// Scenario writer: what agents saw, in the replay format: a real outage becomes a regression test.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "collector/model/fleet.h"
#include "collector/model/sighting.h"
#include "common/model/component.h"
#include "common/model/vantage.h"

namespace postwatch::collector {

class ScenarioWriter {
 public:
  // Everything a run depended on, as far as it got.
  using Crossing = std::function<std::vector<ComponentRef>(const Sighting&)>;

  explicit ScenarioWriter(Crossing crossing) : crossing_(std::move(crossing)) {}

  // In the order in which they came in. Left out are runs that tested nothing, as the format has no
  // word for them, and servers' words, as none are needed.
  void Add(const Sighting& sighting);

  // The topology, which is the agents that were added and the plan, then the results. Each line has
  // its end.
  std::string Take(const FleetPlan& plan);

 private:
  Crossing crossing_;
  std::map<std::string, Vantage> agents_;
  std::string results_;
};

}  // namespace postwatch::collector
