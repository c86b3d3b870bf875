// Assess: what a fault means: leg, scope, severity, and what happens to mail meanwhile.
#pragma once

#include "collector/correlate/attribution.h"
#include "collector/correlate/view.h"
#include "collector/model/verdict.h"

namespace postwatch::collector {

// `guarded`: decided from a single vantage. The explanation is left empty.
Verdict MakeVerdict(const Suspect& suspect, const View& view, bool guarded);

// A condition of the fleet as a verdict, complete.
Verdict MakeVerdict(const FleetCondition& condition, const Witness& witness);

}  // namespace postwatch::collector
