// Timetable: decides which check runs next and when; pure, time comes in as a parameter.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "agent/schedule/schedule_state.h"
#include "common/model/check_spec.h"
#include "common/model/fleet_share.h"

namespace postwatch::agent {

// All times are steady. The rules:
// - A check's slots lie an interval apart, each shifted by up to 10 % either way. Where they lie
//   follows from a hash of the agent's name and the check's id, so that agents and checks do not
//   march in step, and a check keeps its place. A new check has a first look within 10 s besides.
// - Where a check has a fleet_gap, its slots lie at least that times the number of agents apart,
// and
//   the first looks of the agents a fleet_gap.
// - A check never runs twice at once; slots that pass while it runs, or while it waits for its
//   turn, are left out.
// - At most `concurrency` runs at once, and one on each leg of each target: mail servers count
//   connections. (A round trip waits for minutes; it must not keep the MX check from running.)
//   Control checks, which have no target, only count towards the whole.
// - Run-now requests go before the schedule, under the same limits.
class Timetable {
 public:
  using MayStart = std::function<bool(const std::string& check_id)>;

  Timetable(std::string agent, int concurrency);

  // Before the first Assign: its checks go on in these places, where their intervals are still the
  // same. What has been due for a minute or more has a first look like a new check, so that after a
  // long time away not everything starts at once. The requests are not taken up.
  void TakeUp(ScheduleState state);
  // For TakeUp: all but what only the scheduler knows.
  ScheduleState State() const;

  // Replaces the list; ids are unique. A check that stays the same keeps its slots; a running one
  // ends in peace.
  void Assign(const std::vector<CheckSpec>& checks, absl::Duration now);

  // Slots of checks that are shared are laid anew; those that a check last ran in come back with
  // the share they were laid for, so that an agent that goes and comes back changes nothing for
  // others.
  void SetShare(FleetShare share, absl::Duration now);

  // False when there is no such check, when 256 requests wait already, or when the check is held
  // and its hold has seen a request before. A check that already waits for a request is not queued
  // twice: one run answers both, under the name of the first.
  bool Request(std::string_view run_request, std::string_view check_id, absl::Duration now);

  // What starts now, of the checks that `may_start` lets pass (all, where it is empty); the caller
  // must call Finish for each.
  std::vector<DueRun> TakeDue(absl::Duration now, const MayStart& may_start = nullptr);

  // The run is over; no further slot before `not_before`.
  void Finish(const std::string& check_id, absl::Duration now, absl::Duration not_before);

  // Ends the hold of a check that does not run: it is due now.
  void Release(const std::string& check_id, absl::Duration now);

  // The next slot after `now`; InfiniteDuration when there is none. What is due already and could
  // not start is started by TakeDue after a Finish.
  absl::Duration NextSlot(absl::Duration now) const;

  size_t checks() const { return entries_.size(); }
  size_t running() const { return running_.size(); }

 private:
  struct Slots {
    absl::Duration interval, origin, due;
  };
  struct Entry {
    CheckSpec spec;
    absl::Duration origin;      // of the slots
    absl::Duration due;         // meaningless while it runs
    absl::Duration held_until;  // by Finish
    bool hold_requested = false;
    std::optional<Slots> ran_in;
  };
  using Entries = std::map<std::string, Entry, std::less<>>;
  using Lane = std::pair<std::string, Leg>;

  absl::Duration IntervalOf(const CheckSpec& spec) const;
  Entry Enter(const CheckSpec& spec, absl::Duration now) const;
  Entry FirstLook(const CheckSpec& spec, absl::Duration now) const;
  absl::Duration SlotAfter(const Entry& entry, absl::Duration time) const;
  bool CanStart(const Entry& entry) const;
  void Start(Entry& entry, std::string run_request, absl::Duration now, std::vector<DueRun>& out);
  static Lane LaneOf(const CheckSpec& spec) { return {spec.target, spec.leg}; }

  const std::string agent_;
  const size_t concurrency_;
  FleetShare share_;
  std::map<std::string, CheckPlace, std::less<>> places_;  // to go on in; empty after an Assign
  Entries entries_;
  std::set<std::pair<absl::Duration, std::string>> queue_;  // (due, id) of what does not run
  std::deque<DueRun> requests_;
  std::map<std::string, Lane, std::less<>> running_;  // by check id; outlives the assignment
  std::set<Lane> busy_;
};

}  // namespace postwatch::agent
