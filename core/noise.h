// Noise: how often runs fail for no reason, by agent and by target.
#pragma once

#include <vector>

#include "reading.h"

namespace postwatch::collector {

class Noise {
 public:
  // Counts a run towards the rates. Failures that an incident explains are not to be counted.
  void Count(AgentId agent, TargetId target, bool failed);

  // The rate at which this agent's runs against this target fail for no reason, 0.3 % to 5 %.
  double RateOf(AgentId agent, TargetId target) const;

 private:
  struct Tally {
    double runs = 0, failures = 0;
    void Add(bool failed);
  };
  std::vector<Tally> agents_, targets_;
};

}  // namespace postwatch::collector
