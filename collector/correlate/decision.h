// Decision: whether a suspicion is firm enough to be an incident.
#pragma once

#include "collector/correlate/attribution.h"
#include "collector/correlate/situation.h"
#include "collector/correlate/witness.h"

namespace postwatch::collector {

enum class Decision {
  kWait,         // for more evidence
  kOpenLocal,    // an incident that never pages
  kOpenReal,     // an incident that pages
  kOpenGuarded,  // the same from a single vantage: its path is not excluded
};

Decision Decide(const Suspect& suspect, const Situation& situation, const Witness& witness);

}  // namespace postwatch::collector
