// Scheduler: runs each check when the timetable says so, and hands on what it saw.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/probes/probe.h"
#include "agent/schedule/schedule_state.h"
#include "common/model/check_spec.h"
#include "common/model/fleet_share.h"
#include "common/model/observation.h"
#include "common/net/event_clock.h"
#include "common/net/task.h"

namespace postwatch::agent {

struct SchedulerOptions {
  std::string agent;     // name, for the stable spread of the slots
  int concurrency = 16;  // runs at once
};

// What the scheduler needs to make and run probes, injected so that tests run without any.
struct SchedulerActions {
  std::function<absl::StatusOr<std::unique_ptr<Probe>>(const CheckSpec&)> make;
  // One run with its deadline; RunOnce.
  Task<std::vector<Observation>> (*run)(Probe& probe, const CheckSpec& spec, EventClock& clock);
  std::function<void(std::vector<Observation>)> report;
  // What stays the same as long as the secrets of a check do; empty for a check without. A check
  // that was held because its credential was rejected runs at once when this changes.
  std::function<std::string(const CheckSpec&)> credential_mark;
};

// On the event loop of `executor`; nothing is called back from within a call to it but `make`.
class Scheduler {
 public:
  // `clock`, and what the actions refer to, outlive the event loop's last run.
  Scheduler(boost::asio::any_io_executor executor, EventClock& clock, SchedulerOptions options,
            SchedulerActions actions);
  ~Scheduler();

  // Before the first Assign: goes on where another scheduler of these checks ended.
  void TakeUp(ScheduleState state);
  // For TakeUp. Checks whose runs were cancelled are due at once.
  ScheduleState State() const;

  // Replaces the list. Unchanged checks keep their probe, their slots and their restraint. A check
  // whose probe cannot be made does not run; see problems().
  void Assign(std::vector<CheckSpec> checks);

  // This agent's part of what the fleet may do; the only agent until told.
  void SetShare(FleetShare share);

  // Runs these as soon as the limits allow; unknown ones are ignored.
  void RunNow(const std::string& request, const std::vector<std::string>& check_ids);

  // Starts nothing new, lets runs end for `grace`, then cancels them and drops what they report.
  Task<void> Stop(absl::Duration grace);
  // As Stop, but with the smallest hole in the schedule: before, for at most `patience`, runs that
  // take long get to end while checks that take less than a second go on as scheduled, and others
  // wait.
  Task<void> WindDown(absl::Duration patience, absl::Duration grace);
  // Goes on after a WindDown.
  void Resume();

  // Checks that cannot be made, and why; one line each.
  std::vector<std::string> problems() const;

  size_t checks() const;
  size_t running() const;

 private:
  class Core;
  std::shared_ptr<Core> core_;
};

}  // namespace postwatch::agent
