// Schedule state: where an agent stands in its schedule, for the process that comes after it.
#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/model/fleet_share.h"

namespace postwatch::agent {

// One run that is to start now, or waits for its turn.
struct DueRun {
  std::string check_id;
  std::string run_request;  // the run-now request it answers, or empty

  bool operator==(const DueRun&) const = default;
};

// Times are steady: of the same boot of the machine.
struct CheckPlace {
  std::string check_id;
  absl::Duration interval;  // that the slots were laid for
  absl::Duration origin;    // of the slots
  absl::Duration due;
  absl::Duration held_until = -absl::InfiniteDuration();
  bool hold_requested = false;
  int rejections = 0;  // see Restraint
  int throttles = 0;

  bool operator==(const CheckPlace&) const = default;
};

struct ScheduleState {
  FleetShare share;
  std::vector<CheckPlace> checks;
  std::vector<DueRun> requests;

  bool operator==(const ScheduleState&) const = default;
};

}  // namespace postwatch::agent
