// Noise: how often runs fail for no reason, by agent and by target, and what the weather is: how
// much more of it than usual there is everywhere at the moment.
#pragma once

#include <vector>

#include "collector/correlate/reading.h"

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
    void Add(bool failed, double memory);
  };
  struct Recent {
    Tally tally;
    uint32_t halvings = 0;  // that it has been through
  };
  double Weather(TargetId target) const;
  Tally LatelyOf(TargetId target) const;

  std::vector<Tally> agents_, targets_;
  Tally all_;
  std::vector<Recent> lately_;  // by target
  Tally lately_all_;
  uint32_t halvings_ = 0;  // of all that is recent
};

}  // namespace postwatch::collector
