// ScheduleFile: where the agent stands in its schedule, on disk for the process that comes next.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "agent/schedule/schedule_state.h"

namespace postwatch::agent {

// Replaces the file as a whole or not at all. `machine_boot_id` is that of the boot whose steady
// clock the times are of.
absl::Status SaveSchedule(const std::string& path, const std::string& machine_boot_id,
                          const ScheduleState& state);

// Takes it from there: it is good for one process. NotFound when there is none, FailedPrecondition
// when it is of another boot; DataLoss when it cannot be read.
absl::StatusOr<ScheduleState> TakeSchedule(const std::string& path,
                                           const std::string& machine_boot_id);

// What still holds for a process that starts some time later, after whatever people did meanwhile:
// without requests and without what holds checks back.
ScheduleState WithoutRestraint(ScheduleState state, absl::Duration now);

}  // namespace postwatch::agent
