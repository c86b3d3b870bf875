// Planned runs: what a fleet would run by its topology alone, as results in the replay format.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace postwatch::collector {

struct PlannedRun {
  std::string line;  // a result line, which passed
  double per_minute = 0;
};

// Calls `take` for each, an agent after the other: each agent looks up each provider and domain (at
// each name server, too), speaks with each MX host and mailbox of the front end of its region, in
// turn, sends a letter every third time, and asks each neutral party. InvalidArgument when
// `topology` is none. A recorded topology names no providers: nothing is planned for it.
absl::Status PlanRuns(std::string_view topology,
                      const std::function<void(const PlannedRun&)>& take);

}  // namespace postwatch::collector
