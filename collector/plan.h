// Plan: from configured targets to the checks that agents run.
#pragma once

#include "collector/config.h"
#include "collector/model/fleet.h"
#include "common/checks/check_kinds.h"

namespace postwatch::collector {

// Check ids are "<domain>/<kind>" and "witness". Every setting of every check is looked at, those
// of the probes too; a mistake is named where it is written, once however many checks share it. A
// check with a mistake may be missing from the plan.
FleetPlan MakePlan(const CollectorConfig& config, Mistakes& mistakes);

// The fleet_gap of a check that says nothing of it.
absl::Duration DefaultFleetGap(const CheckKind& kind, absl::Duration interval);

}  // namespace postwatch::collector
