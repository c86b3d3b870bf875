// Plan: from configured targets to the checks that agents run.
#pragma once

#include "collector/config.h"
#include "collector/model/fleet.h"

namespace postwatch::collector {

// Check ids are "<domain>/<kind>" and "witness". Every setting of every check is looked at, those
// of the probes too; a mistake is named where it is written, once however many checks share it. A
// check with a mistake may be missing from the plan.
FleetPlan MakePlan(const CollectorConfig& config, Mistakes& mistakes);

}  // namespace postwatch::collector
