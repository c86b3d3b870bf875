#include "collector/correlate/evidence.h"

#include <algorithm>

#include "absl/hash/hash.h"
#include "collector/correlate/crossing.h"
#include "common/base/text.h"

namespace postwatch::collector {
namespace {

constexpr size_t kMaxChecks = 1 << 20;
constexpr size_t kMaxCells = size_t{16} << 20;
constexpr size_t kMaxRoutes = size_t{4} << 20;  // then they are learned anew
constexpr size_t kMaxAgents = 10000;
constexpr size_t kMaxComponents = size_t{16} << 20;
// What one agent may name that nobody named before: front ends change, but one that makes up names
// shall not fill the memory.
constexpr size_t kLearnedAnyway = 1000, kLearnedOfCheck = 32;
constexpr size_t kMaxReplyKept = 256;
constexpr uint64_t kReordered = 4096;  // sequence numbers that may come late
constexpr double kNewcomerFor = 900;   // seconds; greylisting takes some minutes to pass
constexpr double kFreshAtLeast = 45, kFreshSlack = 30;

uint64_t Pair(uint32_t high, uint32_t low) { return (uint64_t{high} << 32) | low; }

std::string WordsOf(const Failure& failure) {
  const std::string& text = failure.reply ? failure.reply->text : "";
  const std::string_view words = Truncate(text.empty() ? failure.detail : text, kMaxReplyKept);
  if (failure.reply && failure.reply->code != 0) return Concat(failure.reply->code, " ", words);
  return std::string(words);
}

// It neither failed nor passed in time: it says nothing about now.
bool SaysArrived(const Observation& seen) {
  return seen.outcome != Outcome::kFail || !seen.failure ||
         seen.failure->klass == FailureClass::kDeliveredLate;
}

bool HandsOver(Leg leg) {
  return leg == Leg::kInbound || leg == Leg::kSubmission || leg == Leg::kDelivery;
}

// Come back later, and no word of why.
bool PutsOff(FailureClass klass) {
  return klass == FailureClass::kSmtpGreylisted || klass == FailureClass::kSmtpUnclassified4xx;
}

}  // namespace

double ToSeconds(absl::Time time) { return absl::ToDoubleSeconds(time - absl::UnixEpoch()); }

absl::Time ToTime(double seconds) { return absl::UnixEpoch() + absl::Seconds(seconds); }

Evidence::Evidence(Catalog& catalog, FailureLog& log) : catalog_(catalog), log_(log) {}

void Evidence::SetPlan(const FleetPlan& plan) {
  has_plan_ = true;
  has_control_ = false;
  for (CheckEntry& check : checks_) check.planned = false;
  for (const CheckSpec& spec : plan.checks) {
    const auto [it, added] = check_ids_.try_emplace(spec.id, static_cast<CheckId>(checks_.size()));
    if (added) checks_.emplace_back();
    checks_[it->second] = {.id = spec.id,
                           .target = spec.target,
                           .provider = spec.provider.empty() ? spec.target : spec.provider,
                           .leg = spec.leg,
                           .interval = absl::ToDoubleSeconds(spec.interval)};
    has_control_ = has_control_ || spec.leg == Leg::kControl;
  }
}

bool Evidence::Seen::Take(const std::string& spool_id, uint64_t sequence) {
  if (spool != spool_id || recent.empty()) {
    spool = spool_id;
    highest = sequence;
    recent.assign(kReordered, false);
    recent[sequence % kReordered] = true;
    return true;
  }
  if (sequence + kReordered <= highest) return false;
  for (; highest < sequence; ++highest) {
    recent[(highest + 1) % kReordered] = false;
    if (sequence - highest > kReordered) highest = sequence - kReordered;
  }
  if (recent[sequence % kReordered]) return false;
  recent[sequence % kReordered] = true;
  return true;
}

Finding Evidence::Read(const Sighting& sighting, double oldest) {
  const Observation& seen = sighting.observation;
  if (catalog_.agent_count() >= kMaxAgents && !catalog_.HasAgent(sighting.vantage.agent)) return {};
  const AgentId agent = catalog_.Agent(sighting.vantage);
  if (clocks_.size() <= agent) {
    clocks_.resize(agent + 1);
    seen_.resize(agent + 1);
    learned_.resize(agent + 1);
  }
  if (!seen_[agent].Take(sighting.spool_id, sighting.sequence)) return {};
  const double received = ToSeconds(sighting.received);
  const double took = absl::ToDoubleSeconds(seen.took);
  const double ended = ToSeconds(seen.started) + took;
  const double correction = clocks_[agent].Correct(ended, received);
  if (!seen.amends.empty()) return Amend(sighting);
  if (seen.outcome == Outcome::kNotTested || ended + correction < oldest) return {};
  const CheckId check = CheckFor(sighting);
  if (check >= kMaxChecks || !checks_[check].planned) return {};
  const CellId cell_id = CellFor(agent, check);
  if (cell_id >= kMaxCells) return {};
  CheckCell& cell = cells_[cell_id];
  Finding finding{.what = Finding::What::kPass};
  Reading& reading = finding.reading;
  reading = {.began = ended + correction - took,
             .ended = ended + correction,
             .received = received,
             .agent = agent,
             .cell = cell_id,
             .target = TargetFor(cell, sighting),
             .route = RouteFor(cell, sighting),
             .plane = PlaneOf(sighting.leg),
             .confirmation = !seen.run_request.empty()};
  if (seen.outcome == Outcome::kFail && seen.failure) {
    finding.what = Finding::What::kFailure;
    reading.family = FamilyOf(seen.failure->klass);
    finding.of_witness = reading.family == Family::kAgent;
  }
  if (HandsOver(sighting.leg)) {
    const double since = Acquainted(cell, reading);
    const bool put_off = seen.failure && PutsOff(seen.failure->klass);
    reading.newcomer = put_off && reading.ended - since < kNewcomerFor;
  }
  if (reading.failed()) {
    finding.failure = {.reading = reading,
                       .klass = seen.failure->klass,
                       .observation = seen.id,
                       .reply = WordsOf(*seen.failure)};
  }
  Update(cell, reading);
  return finding;
}

TargetId Evidence::TargetFor(CheckCell& cell, const Sighting& sighting) {
  const std::string& name = sighting.observation.target;
  if (cell.target != kNoTarget && catalog_.TargetName(cell.target) == name) return cell.target;
  cell.target = catalog_.Target(name);
  cell.acquainted = 0;
  return cell.target;
}

// Since when an agent has known the servers that it hands mail to: they may put off who is new.
double Evidence::Acquainted(CheckCell& cell, const Reading& reading) {
  if (cell.acquainted == 0) {
    const uint64_t pair = Pair(reading.agent, reading.target);
    cell.acquainted = acquainted_.try_emplace(pair, reading.ended).first->second;
  }
  return cell.acquainted;
}

void Evidence::Update(CheckCell& cell, const Reading& reading) {
  const bool newest = reading.ended >= cell.ended;
  cell.ended = std::max(cell.ended, reading.ended);
  if (!reading.failed()) {
    if (reading.ended > cell.last_failed) {
      cell.failures = 0;
      if (cell.passes < UINT16_MAX) ++cell.passes;
    }
    return;
  }
  if (!newest) return;
  if (cell.failures == 0) cell.failed_since = reading.began;
  if (cell.failures < UINT16_MAX) ++cell.failures;
  cell.passes = 0;
  cell.last_failed = reading.ended;
}

CheckId Evidence::CheckFor(const Sighting& sighting) {
  const Observation& seen = sighting.observation;
  const auto it = check_ids_.find(seen.check_id);
  if (it != check_ids_.end()) return it->second;
  if (has_plan_ || checks_.size() >= kMaxChecks) return kMaxChecks;
  const auto id = static_cast<CheckId>(checks_.size());
  check_ids_.emplace(seen.check_id, id);
  checks_.push_back({.id = seen.check_id,
                     .target = seen.target,
                     .provider = ProviderOf(sighting),
                     .leg = sighting.leg});
  has_control_ = has_control_ || sighting.leg == Leg::kControl;
  return id;
}

CellId Evidence::CellFor(AgentId agent, CheckId check) {
  const uint64_t key = Pair(agent, check);
  const auto it = cell_ids_.find(key);
  if (it != cell_ids_.end()) return it->second;
  if (cells_.size() >= kMaxCells) return kMaxCells;
  const auto id = static_cast<CellId>(cells_.size());
  cell_ids_.emplace(key, id);
  cells_.push_back({.agent = agent, .check = check});
  return id;
}

// What a run crossed is told by where it ran, what it touched and how it ended; most are alike.
RouteId Evidence::RouteFor(CheckCell& cell, const Sighting& sighting) {
  const Observation& seen = sighting.observation;
  uint64_t key = absl::HashOf(cell.agent, cell.check, sighting.leg, sighting.vantage.network,
                              sighting.vantage.resolver);
  for (const ComponentRef& touched : seen.touched) {
    key = absl::HashOf(key, touched.kind, touched.name);
  }
  if (seen.failure) key = absl::HashOf(key, seen.failure->klass, seen.failure->step);
  if (cell.route_key == key) return cell.route;
  if (cell.route_key != 0) {
    if (routes_.size() >= kMaxRoutes) routes_.clear();
    routes_.emplace(cell.route_key, cell.route);
  }
  const auto it = routes_.find(key);
  cell.route = it != routes_.end() ? it->second : LearnRoute(sighting, cell.agent);
  cell.route_key = key;
  return cell.route;
}

RouteId Evidence::LearnRoute(const Sighting& sighting, AgentId agent) {
  Learned& learned = learned_[agent];
  std::vector<ComponentRef> all;
  if (learned.routes < MostLearned()) {
    all = CrossedBy(sighting);
  } else {
    Sighting plain = sighting;  // what an agent cannot make up
    plain.observation.touched.clear();
    plain.crossing_known = false;
    all = CrossedBy(plain);
  }
  std::vector<ComponentId> crossed;
  for (const ComponentRef& component : all) {
    const ComponentId id = LearnComponent(component, agent);
    if (id != kNoComponent) crossed.push_back(id);
  }
  const size_t before = catalog_.route_count();
  const RouteId route = catalog_.Route(std::move(crossed));
  learned.routes += catalog_.route_count() - before;
  return route;
}

ComponentId Evidence::LearnComponent(const ComponentRef& component, AgentId agent) {
  const ComponentId known = catalog_.Find(component);
  if (known != kNoComponent) return known;
  Learned& learned = learned_[agent];
  const bool full = catalog_.component_count() >= kMaxComponents;
  if (full || learned.components >= MostLearned()) return kNoComponent;
  ++learned.components;
  return catalog_.Component(component);
}

size_t Evidence::MostLearned() const { return kLearnedAnyway + kLearnedOfCheck * checks_.size(); }

Finding Evidence::Amend(const Sighting& sighting) {
  const Observation& seen = sighting.observation;
  const FailureId id = log_.Find(seen.amends);
  if (id == kNoFailure) return {};
  FailureRecord& failure = log_.At(id);
  if (SaysArrived(seen)) {
    failure.settled = true;
    CheckCell& cell = cells_[failure.reading.cell];
    if (cell.failure == id) cell.failures = 0;
  } else {
    failure.klass = seen.failure->klass;
    failure.reading.family = FamilyOf(failure.klass);
  }
  return {.what = Finding::What::kAmended, .reading = failure.reading, .amended = id};
}

void Evidence::Forget(const std::string& agent) {
  for (CheckCell& cell : cells_) {
    if (catalog_.AgentOf(cell.agent).name == agent) cell.failures = 0;
  }
}

std::string Evidence::NameOf(CellId id) const {
  return Concat(catalog_.AgentOf(cells_[id].agent).name, " ", CheckOf(cells_[id]).id);
}

bool Evidence::IsFresh(const CheckCell& cell, double now) const {
  const double lasts = std::max(kFreshAtLeast, CheckOf(cell).interval * 1.5 + kFreshSlack);
  return now - cell.ended <= lasts;
}

bool Evidence::WatchesAccess(std::string_view provider) const {
  return std::ranges::any_of(checks_, [&](const CheckEntry& check) {
    return check.planned && check.leg == Leg::kAccess && check.provider == provider;
  });
}

bool Evidence::WatchesTarget(std::string_view target) const {
  return std::ranges::any_of(
      checks_, [&](const CheckEntry& check) { return check.planned && check.target == target; });
}

}  // namespace postwatch::collector
