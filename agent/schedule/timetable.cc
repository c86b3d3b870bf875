#include "agent/schedule/timetable.h"

#include <algorithm>
#include <utility>

namespace postwatch::agent {
namespace {

constexpr size_t kMaxRequests = 256;
constexpr absl::Duration kFirstLook = absl::Seconds(10);
constexpr absl::Duration kLongOverdue = absl::Minutes(1);
constexpr double kJitter = 0.1;  // of the interval, either way

// FNV-1a and a finaliser: the same on every machine and in every run, unlike absl::Hash.
uint64_t StableHash(std::string_view a, std::string_view b, uint64_t n) {
  uint64_t h = 14695981039346656037u;
  const auto mix = [&h](unsigned char c) { h = (h ^ c) * 1099511628211u; };
  for (const char c : a) mix(static_cast<unsigned char>(c));
  mix(0);
  for (const char c : b) mix(static_cast<unsigned char>(c));
  h += n * 0x9e3779b97f4a7c15u;
  h = (h ^ (h >> 30)) * 0xbf58476d1ce4e5b9u;
  h = (h ^ (h >> 27)) * 0x94d049bb133111ebu;
  return h ^ (h >> 31);
}

// Uniform in [0, 1).
double StableUnit(std::string_view a, std::string_view b, uint64_t n) {
  return static_cast<double>(StableHash(a, b, n) >> 11) / static_cast<double>(uint64_t{1} << 53);
}

}  // namespace

Timetable::Timetable(std::string agent, int concurrency)
    : agent_(std::move(agent)), concurrency_(static_cast<size_t>(std::max(1, concurrency))) {}

void Timetable::TakeUp(ScheduleState state) {
  share_ = state.share;
  for (CheckPlace& place : state.checks) {
    std::string id = place.check_id;
    places_.insert_or_assign(std::move(id), std::move(place));
  }
}

ScheduleState Timetable::State() const {
  ScheduleState state{.share = share_, .requests = {requests_.begin(), requests_.end()}};
  for (const auto& [id, entry] : entries_) {
    state.checks.push_back({id, IntervalOf(entry.spec), entry.origin, entry.due, entry.held_until,
                            entry.hold_requested});
  }
  return state;
}

void Timetable::Assign(const std::vector<CheckSpec>& checks, absl::Duration now) {
  Entries next;
  queue_.clear();
  for (const CheckSpec& spec : checks) {
    const auto old = entries_.find(spec.id);
    Entry entry;
    if (old != entries_.end() && old->second.spec == spec) {
      entry = old->second;
    } else {
      entry = Enter(spec, now);
    }
    if (!running_.contains(spec.id)) queue_.emplace(entry.due, spec.id);
    next.insert_or_assign(spec.id, std::move(entry));
  }
  entries_ = std::move(next);
  places_.clear();
  std::erase_if(requests_, [this](const DueRun& r) { return !entries_.contains(r.check_id); });
}

absl::Duration Timetable::IntervalOf(const CheckSpec& spec) const {
  return std::max(spec.interval, spec.fleet_gap * share_.agents);
}

Timetable::Entry Timetable::Enter(const CheckSpec& spec, absl::Duration now) const {
  const absl::Duration interval = IntervalOf(spec);
  Entry entry = FirstLook(spec, now);
  const auto found = places_.find(spec.id);
  if (found == places_.end() || found->second.interval != interval) return entry;
  const CheckPlace& place = found->second;
  // What no timetable has laid would keep the check from running.
  if (place.due > std::max(now, place.held_until) + 2 * interval) return entry;
  const absl::Duration due = place.due > now - kLongOverdue ? place.due : entry.due;
  return {spec,
          place.origin,
          due,
          place.held_until,
          place.hold_requested,
          Slots{interval, place.origin, due}};
}

Timetable::Entry Timetable::FirstLook(const CheckSpec& spec, absl::Duration now) const {
  const absl::Duration interval = IntervalOf(spec);
  const double phase = StableUnit(agent_, spec.id, 0);
  const absl::Duration first_look = phase * std::min(interval, kFirstLook);
  return {spec, now + phase * interval, now + first_look + spec.fleet_gap * share_.position,
          -absl::InfiniteDuration()};
}

void Timetable::SetShare(FleetShare share, absl::Duration now) {
  if (share == share_) return;
  const FleetShare before = std::exchange(share_, share);
  for (auto& [id, entry] : entries_) {
    const CheckSpec& spec = entry.spec;
    if (std::max(spec.interval, spec.fleet_gap * before.agents) == IntervalOf(spec)) continue;
    const bool waits = queue_.erase({entry.due, id}) > 0;
    const absl::Duration earliest = std::max(now, entry.held_until);
    if (entry.ran_in.has_value() && entry.ran_in->interval == IntervalOf(spec)) {
      entry.origin = entry.ran_in->origin;
      entry.due = std::max(entry.ran_in->due, earliest);
    } else {
      entry.origin = now + StableUnit(agent_, id, 0) * IntervalOf(spec);
      entry.due = SlotAfter(entry, earliest);
    }
    if (waits) queue_.emplace(entry.due, id);
  }
}

bool Timetable::Request(std::string_view run_request, std::string_view check_id,
                        absl::Duration now) {
  const auto it = entries_.find(check_id);
  if (it == entries_.end()) return false;
  for (const DueRun& waiting : requests_) {
    if (waiting.check_id == check_id) return true;
  }
  Entry& entry = it->second;
  const bool held = entry.held_until > now;
  if (requests_.size() >= kMaxRequests || (held && entry.hold_requested)) return false;
  entry.hold_requested = held;
  requests_.push_back({std::string(check_id), std::string(run_request)});
  return true;
}

std::vector<DueRun> Timetable::TakeDue(absl::Duration now, const MayStart& may_start) {
  const auto passes = [&](const Entry& entry) {
    return CanStart(entry) && (!may_start || may_start(entry.spec.id));
  };
  std::vector<DueRun> starting;
  for (auto it = requests_.begin(); it != requests_.end() && running_.size() < concurrency_;) {
    Entry& entry = entries_.find(it->check_id)->second;
    if (!passes(entry)) {
      ++it;
      continue;
    }
    queue_.erase({entry.due, it->check_id});
    Start(entry, std::move(it->run_request), now, starting);
    it = requests_.erase(it);
  }
  for (auto it = queue_.begin();
       it != queue_.end() && it->first <= now && running_.size() < concurrency_;) {
    Entry& entry = entries_.find(it->second)->second;
    if (!passes(entry)) {
      ++it;
      continue;
    }
    it = queue_.erase(it);
    Start(entry, "", now, starting);
  }
  return starting;
}

bool Timetable::CanStart(const Entry& entry) const {
  if (running_.contains(entry.spec.id)) return false;
  return entry.spec.target.empty() || !busy_.contains(LaneOf(entry.spec));
}

void Timetable::Start(Entry& entry, std::string run_request, absl::Duration now,
                      std::vector<DueRun>& out) {
  // A run on request leaves the schedule alone, unless the slot was due anyway.
  if (run_request.empty() || entry.due <= now) {
    entry.due = SlotAfter(entry, now);
    entry.ran_in = {IntervalOf(entry.spec), entry.origin, entry.due};
  }
  const Lane lane = LaneOf(entry.spec);
  running_.emplace(entry.spec.id, lane);
  if (!entry.spec.target.empty()) busy_.insert(lane);
  out.push_back({entry.spec.id, std::move(run_request)});
}

void Timetable::Finish(const std::string& check_id, absl::Duration now, absl::Duration not_before) {
  const auto run = running_.find(check_id);
  if (run == running_.end()) return;
  if (!run->second.first.empty()) busy_.erase(run->second);
  running_.erase(run);
  const auto it = entries_.find(check_id);
  if (it == entries_.end()) return;
  Entry& entry = it->second;
  if (not_before > now) {
    entry.held_until = not_before;
  } else {
    entry.hold_requested = false;
  }
  const absl::Duration earliest = std::max(now, not_before);
  if (entry.due <= earliest) entry.due = SlotAfter(entry, earliest);
  queue_.emplace(entry.due, check_id);
}

void Timetable::Release(const std::string& check_id, absl::Duration now) {
  const auto it = entries_.find(check_id);
  if (it == entries_.end() || running_.contains(check_id)) return;
  Entry& entry = it->second;
  queue_.erase({entry.due, check_id});
  entry.due = now;
  entry.held_until = now;
  entry.hold_requested = false;
  queue_.emplace(entry.due, check_id);
}

absl::Duration Timetable::NextSlot(absl::Duration now) const {
  for (auto it = queue_.begin(); it != queue_.end(); ++it) {
    if (it->first > now) return it->first;
  }
  return absl::InfiniteDuration();
}

absl::Duration Timetable::SlotAfter(const Entry& entry, absl::Duration time) const {
  const absl::Duration interval = IntervalOf(entry.spec);
  // At least half an interval away, so that the first look is not followed at once.
  const absl::Duration from = time + interval / 2;
  absl::Duration rest;
  int64_t n = std::max<int64_t>(0, absl::IDivDuration(from - entry.origin, interval, &rest));
  while (true) {
    const double unit = StableUnit(agent_, entry.spec.id, static_cast<uint64_t>(n) + 1);
    const absl::Duration slot = entry.origin + n * interval + (2 * unit - 1) * kJitter * interval;
    if (slot > from) return slot;
    ++n;
  }
}

}  // namespace postwatch::agent
