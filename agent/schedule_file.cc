#include "agent/schedule_file.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "agent/state_file.h"
#include "common/base/text.h"
#include "postwatch/v1/schedule.pb.h"

namespace postwatch::agent {
namespace {

constexpr std::string_view kWhat = "schedule";

v1::CheckPlace ToProto(const CheckPlace& place) {
  v1::CheckPlace out;
  out.set_id(place.check_id);
  out.set_interval(absl::ToInt64Nanoseconds(place.interval));
  out.set_origin(absl::ToInt64Nanoseconds(place.origin));
  out.set_due(absl::ToInt64Nanoseconds(place.due));
  if (place.held_until > absl::ZeroDuration()) {
    out.set_held_until(absl::ToInt64Nanoseconds(place.held_until));
  }
  out.set_hold_requested(place.hold_requested);
  out.set_rejections(place.rejections);
  out.set_throttles(place.throttles);
  return out;
}

CheckPlace FromProto(const v1::CheckPlace& place) {
  CheckPlace out{place.id(), absl::Nanoseconds(place.interval()), absl::Nanoseconds(place.origin()),
                 absl::Nanoseconds(place.due())};
  if (place.held_until() > 0) out.held_until = absl::Nanoseconds(place.held_until());
  out.hold_requested = place.hold_requested();
  out.rejections = std::max(0, place.rejections());
  out.throttles = std::max(0, place.throttles());
  return out;
}

}  // namespace

absl::Status SaveSchedule(const std::string& path, const std::string& machine_boot_id,
                          const ScheduleState& state) {
  v1::ScheduleState out;
  out.set_machine_boot_id(machine_boot_id);
  out.mutable_share()->set_agents(static_cast<uint32_t>(state.share.agents));
  out.mutable_share()->set_position(static_cast<uint32_t>(state.share.position));
  for (const CheckPlace& place : state.checks) *out.add_checks() = ToProto(place);
  for (const DueRun& request : state.requests) {
    v1::WaitingRequest& added = *out.add_requests();
    added.set_check_id(request.check_id);
    added.set_run_request(request.run_request);
  }
  return SaveMessage(kWhat, path, out);
}

absl::StatusOr<ScheduleState> TakeSchedule(const std::string& path,
                                           const std::string& machine_boot_id) {
  v1::ScheduleState kept;
  const absl::Status loaded = LoadMessage(kWhat, path, kept);
  std::remove(path.c_str());
  if (!loaded.ok()) return loaded;
  if (kept.machine_boot_id() != machine_boot_id) {
    return absl::FailedPreconditionError(
        Concat("the schedule at ", path, " is of another boot of the machine"));
  }
  ScheduleState state;
  state.share.agents = static_cast<int>(std::clamp(kept.share().agents(), 1u, 100'000u));
  state.share.position = static_cast<int>(
      std::min(kept.share().position(), static_cast<uint32_t>(state.share.agents - 1)));
  for (const v1::CheckPlace& place : kept.checks()) state.checks.push_back(FromProto(place));
  for (const v1::WaitingRequest& request : kept.requests()) {
    state.requests.push_back({request.check_id(), request.run_request()});
  }
  return state;
}

ScheduleState WithoutRestraint(ScheduleState state, absl::Duration now) {
  std::erase_if(state.checks, [now](const CheckPlace& place) {
    return place.held_until > now || place.rejections > 0 || place.throttles > 0;
  });
  state.requests.clear();
  return state;
}

}  // namespace postwatch::agent
