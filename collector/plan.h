// Plan: from configured targets to the checks that agents run.
#pragma once

#include <span>
#include <string_view>

#include "collector/config.h"
#include "collector/model/fleet.h"

namespace postwatch::collector {

// A check kind as the collector knows it: when it applies and how often it runs unless told
// otherwise.
struct PlannedKind {
  std::string_view kind;
  Leg leg;
  bool needs_mailbox;
  absl::Duration interval;
  absl::Duration timeout;
};

// All kinds that a target may name, in the order in which a person reads them.
std::span<const PlannedKind> PlannedKinds();

// Check ids are "<domain>/<kind>" and "witness". A check with a mistake may be missing from the
// plan.
FleetPlan MakePlan(const CollectorConfig& config, Mistakes& mistakes);

}  // namespace postwatch::collector
