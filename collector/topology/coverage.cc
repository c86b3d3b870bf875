#include "collector/topology/coverage.h"

#include <algorithm>

#include "absl/hash/hash.h"
#include "collector/correlate/crossing.h"
#include "collector/correlate/thresholds.h"

namespace postwatch::collector {
namespace {

constexpr double kPriorRuns = 150, kPriorFailures = 1;
constexpr double kShortestWindow = 1;  // minutes

template <class Tallies, class Rate>
double Median(const Tallies& tallies, Rate rate) {
  std::vector<double> rates;
  for (const auto& [key, tally] : tallies) rates.push_back(rate(tally));
  if (rates.empty()) return 0;
  const auto middle = rates.begin() + static_cast<ptrdiff_t>(rates.size() / 2);
  std::ranges::nth_element(rates, middle);
  return *middle;
}

}  // namespace

Coverage::Coverage(std::optional<FleetPlan> plan) : plan_(std::move(plan)) {
  if (!plan_) return;
  for (const CheckSpec& check : plan_->checks) {
    intervals_[check.id] = absl::ToDoubleSeconds(check.interval);
  }
}

double Coverage::minutes() const {
  return runs_ == 0 ? 0 : std::max(absl::ToDoubleMinutes(last_ - first_), kShortestWindow);
}

bool Coverage::IsDuplicate(const Sighting& run, AgentId agent) {
  return !seen_.insert(absl::HashOf(agent, run.spool_id, run.sequence)).second;
}

Coverage::Task& Coverage::TaskOf(const Sighting& run, AgentId agent) {
  const std::string& check = run.observation.check_id;
  const auto [it, added] = check_ids_.try_emplace(check, static_cast<uint32_t>(checks_.size()));
  if (added) checks_.push_back(check);
  return tasks_[(uint64_t{agent} << 32) | it->second];
}

// The catalog is slow with many components.
ComponentId Coverage::IdOf(const ComponentRef& component) {
  name_.assign(component.kind).append(":").append(component.name);
  const auto known = ids_.find(name_);
  if (known != ids_.end()) return known->second;
  return ids_.emplace(name_, catalog_.Component(component)).first->second;
}

Coverage::Way& Coverage::WayOf(const Sighting& run, Task& task) {
  std::vector<ComponentRef> inferred;
  if (!run.crossing_known) inferred = CrossedBy(run);
  const std::vector<ComponentRef>& components =
      run.crossing_known ? run.observation.touched : inferred;
  std::vector<ComponentId> crossed;
  crossed.reserve(components.size());
  for (const ComponentRef& component : components) crossed.push_back(IdOf(component));
  std::ranges::sort(crossed);
  crossed.erase(std::ranges::unique(crossed).begin(), crossed.end());
  const auto known = std::ranges::find(task.ways, crossed, &Way::crossed);
  if (known != task.ways.end()) return *known;
  task.ways.push_back({.crossed = std::move(crossed), .plane = PlaneOf(run.leg)});
  return task.ways.back();
}

void Coverage::Take(const Sighting& run) {
  const Observation& seen = run.observation;
  if (seen.outcome == Outcome::kNotTested || !seen.amends.empty()) return;
  const AgentId agent = catalog_.Agent(run.vantage);
  if (IsDuplicate(run, agent)) return;
  Task& task = TaskOf(run, agent);
  Way& way = WayOf(run, task);
  if (!seen.run_request.empty()) {
    if (seen.outcome == Outcome::kPass) ++way.confirmations;
    return;
  }
  ++(seen.outcome == Outcome::kFail ? way.failures : way.passes);
  ++runs_;
  first_ = std::min(first_, run.received);
  last_ = std::max(last_, run.received);
  CountNoise(run, agent, task);
}

// Failures in a row are no chance.
void Coverage::CountNoise(const Sighting& run, AgentId agent, Task& task) {
  if (run.observation.outcome == Outcome::kFail) {
    ++task.failures;
    return;
  }
  const bool alone = task.failures == 1;
  task.failures = 0;
  for (Tally* tally : {&agents_[agent], &targets_[run.observation.target]}) {
    tally->runs += alone ? 2 : 1;
    if (alone) tally->failures += 1;
  }
}

void Coverage::Expect(const Sighting& run, double per_minute) {
  const AgentId agent = catalog_.Agent(run.vantage);
  WayOf(run, TaskOf(run, agent)).expected += per_minute;
}

void Coverage::Finish() {
  std::vector<uint64_t> order;
  for (const auto& [key, task] : tasks_) order.push_back(key);
  std::ranges::sort(order);
  for (const uint64_t key : order) {
    AddLanes(static_cast<AgentId>(key >> 32), checks_[static_cast<uint32_t>(key)],
             tasks_[key].ways);
  }
  tasks_.clear();
  for (const auto& [check, interval] : intervals_) {
    if (!check_ids_.contains(check)) unseen_.push_back(check);
  }
  if (recorded()) Refine();
  noise_ = NoiseOfFleet();
}

void Coverage::AddLanes(AgentId agent, const std::string& check, std::vector<Way>& ways) {
  // A failed run of production got only so far; it has to do where nothing else is known.
  const bool any_pass =
      std::ranges::any_of(ways, [](const Way& way) { return way.passes + way.confirmations > 0; });
  const auto counts = [&](const Way& way) {
    return !recorded() || !any_pass || way.passes + way.confirmations > 0;
  };
  double total = 0;
  for (const Way& way : ways) {
    if (counts(way)) total += static_cast<double>(way.passes + way.failures);
  }
  const auto planned = intervals_.find(check);
  for (Way& way : ways) {
    if (!counts(way)) continue;
    const auto runs = static_cast<double>(way.passes + way.failures);
    double per_minute = way.expected;
    if (runs > 0 && planned != intervals_.end()) {
      per_minute += runs / total * 60 / planned->second;
    } else if (runs > 0) {
      per_minute += runs / minutes();
    }
    lanes_.push_back({.agent = agent,
                      .plane = way.plane,
                      .per_minute = per_minute,
                      .crossed = std::move(way.crossed)});
  }
}

// What only runs of production tell apart, or do not.
void Coverage::Refine() {
  for (Lane& lane : lanes_) {
    DropSpares(lane);
    Stretch(lane);
  }
}

void Coverage::DropSpares(Lane& lane) {
  const auto count = [&](Kind kind) {
    return std::ranges::count_if(lane.crossed,
                                 [&](ComponentId id) { return catalog_.KindOf(id) == kind; });
  };
  if (count(Kind::kMx) < 2) return;
  std::set<Kind> several;
  for (const Kind kind : {Kind::kMx, Kind::kSite, Kind::kCertificate}) {
    if (count(kind) > 1) several.insert(kind);
  }
  std::erase_if(lane.crossed, [&](ComponentId id) {
    const bool spare = several.contains(catalog_.KindOf(id));
    if (spare) spares_.insert(id);
    return spare;
  });
}

// One stretch for each service.
void Coverage::Stretch(Lane& lane) {
  std::vector<ComponentId> services;
  for (const ComponentId id : lane.crossed) {
    if (catalog_.KindOf(id) == Kind::kService) services.push_back(id);
  }
  if (services.size() < 2) return;
  for (const ComponentId service : services) {
    std::vector<ComponentId>& stretch = lane.stretches.emplace_back();
    for (const ComponentId id : lane.crossed) {
      if (catalog_.KindOf(id) != Kind::kService || id == service) stretch.push_back(id);
    }
  }
}

// Medians, as an outage among the runs is no noise.
double Coverage::NoiseOfFleet() const {
  const double of_agents = Median(agents_, [](const Tally& tally) {
    return (kPriorFailures + tally.failures) / (kPriorRuns + tally.runs);
  });
  const double of_targets = Median(
      targets_, [](const Tally& tally) { return tally.failures / (kPriorRuns + tally.runs); });
  const double usual = agents_.empty() ? kPriorFailures / kPriorRuns : of_agents;
  return std::clamp(usual + of_targets, kLeastNoise, kMostNoise);
}

}  // namespace postwatch::collector
