#include "collector/correlate/evidence.h"

#include <algorithm>
#include <tuple>

#include "collector/correlate/crossing.h"
#include "common/base/text.h"

namespace postwatch::collector {
namespace {

constexpr size_t kMaxCells = 200000;
constexpr size_t kMaxRecordsPerCell = 64;
constexpr size_t kMaxComponents = 65536;  // then the table is rebuilt from what is left
constexpr size_t kMaxReplyKept = 256;
constexpr double kNoiseFloor = 0.003, kNoiseCeiling = 0.05;
constexpr double kNoisePriorRuns = 300;
constexpr double kNoiseMemory = 4000;  // runs; then the past counts half
constexpr absl::Duration kClockPeriod = absl::Minutes(30);
constexpr absl::Duration kClockSettles = absl::Seconds(3);
constexpr absl::Duration kDefaultInterval = absl::Seconds(60);
constexpr absl::Duration kFreshAtLeast = absl::Seconds(45);
constexpr absl::Duration kFreshSlack = absl::Seconds(30);

std::string IdOf(const Sighting& sighting) {
  if (!sighting.observation.id.empty()) return sighting.observation.id;
  return Concat(sighting.spool_id, "#", sighting.sequence);
}

bool Earlier(const Record& a, const Record& b) {
  return std::tie(a.ended, a.id) < std::tie(b.ended, b.id);
}

bool SaysArrived(const Observation& seen) {
  return seen.outcome != Outcome::kFail || !seen.failure ||
         seen.failure->klass == FailureClass::kDeliveredLate;
}

}  // namespace

ComponentId ComponentTable::Intern(const ComponentRef& component) {
  const auto [it, inserted] =
      ids_.try_emplace(component, static_cast<ComponentId>(entries_.size()));
  if (inserted) entries_.push_back({component, collector::KindOf(component.kind)});
  return it->second;
}

bool Record::Crosses(ComponentId component) const {
  return std::binary_search(crossed.begin(), crossed.end(), component);
}

const Record* Cell::Latest() const {
  for (auto it = records.rbegin(); it != records.rend(); ++it) {
    if (it->outcome != Outcome::kNotTested) return &*it;
  }
  return nullptr;
}

bool Cell::IsFresh(const Record& record, absl::Time now) const {
  return now - record.ended <= std::max(kFreshAtLeast, interval * 3 / 2 + kFreshSlack);
}

Evidence::Evidence(absl::Duration window) : window_(window) {}

void Evidence::SetPlan(const FleetPlan& plan) {
  has_plan_ = true;
  has_control_ = false;
  plan_.clear();
  for (const CheckSpec& check : plan.checks) {
    plan_[check.id] = check;
    has_control_ = has_control_ || check.leg == Leg::kControl;
  }
  std::erase_if(cells_,
                [this](const auto& entry) { return !plan_.contains(entry.first.check_id); });
  for (auto& [key, cell] : cells_) cell.interval = plan_[key.check_id].interval;
}

Evidence::Filed Evidence::File(const Sighting& sighting, absl::Time now) {
  const Observation& seen = sighting.observation;
  const absl::Duration correction = CorrectionFor(sighting, now);
  if (!seen.amends.empty()) return Amend(sighting);
  if (seen.outcome == Outcome::kNotTested) return Filed::kIgnored;
  Cell* cell = CellFor(sighting);
  if (cell == nullptr) return Filed::kIgnored;
  Record record{.id = IdOf(sighting),
                .began = seen.started + correction,
                .ended = seen.started + seen.took + correction,
                .received = sighting.received,
                .outcome = seen.outcome,
                .confirmation = !seen.run_request.empty()};
  if (record.ended < now - HorizonOf(*cell)) return Filed::kIgnored;
  const auto same = [&](const Record& r) { return r.id == record.id; };
  if (std::ranges::any_of(cell->records, same)) return Filed::kIgnored;
  if (seen.failure) {
    record.klass = seen.failure->klass;
    record.family = FamilyOf(record.klass);
    record.step = seen.failure->step;
    const std::string& words = seen.failure->reply ? seen.failure->reply->text : "";
    record.reply =
        std::string(Truncate(words.empty() ? seen.failure->detail : words, kMaxReplyKept));
    if (seen.failure->reply && seen.failure->reply->code != 0) {
      record.reply = Concat(seen.failure->reply->code, " ", record.reply);
    }
  }
  for (const ComponentRef& c : CrossedBy(sighting)) record.crossed.push_back(components_.Intern(c));
  std::ranges::sort(record.crossed);
  const auto at = std::upper_bound(cell->records.begin(), cell->records.end(), record, Earlier);
  cell->records.insert(at, std::move(record));
  if (cell->records.size() > kMaxRecordsPerCell) cell->records.erase(cell->records.begin());
  return seen.outcome == Outcome::kFail ? Filed::kFailure : Filed::kPass;
}

absl::Duration Evidence::CorrectionFor(const Sighting& sighting, absl::Time now) {
  const absl::Duration delay =
      sighting.received - (sighting.observation.started + sighting.observation.took);
  const auto [it, first] = clocks_.try_emplace(sighting.vantage.agent);
  AgentClock& clock = it->second;
  if (first) clock = {now, now, delay, delay, delay};
  if (now - clock.period_start > kClockPeriod) {
    clock.previous = clock.least;
    clock.least = delay;
    clock.period_start = now;
  }
  clock.least = std::min(clock.least, delay);
  const absl::Duration offset = std::min(clock.least, clock.previous);
  if (offset != clock.offset) {
    Shift(sighting.vantage.agent, offset - clock.offset);
    clock.offset = offset;
  }
  return offset;
}

void Evidence::Shift(const std::string& agent, absl::Duration by) {
  for (auto it = cells_.lower_bound({agent, ""}); it != cells_.end() && it->first.agent == agent;
       ++it) {
    for (Record& record : it->second.records) {
      record.began += by;
      record.ended += by;
    }
  }
}

Evidence::Filed Evidence::Amend(const Sighting& sighting) {
  const Observation& seen = sighting.observation;
  const auto it = cells_.find({sighting.vantage.agent, seen.check_id});
  if (it == cells_.end()) return Filed::kIgnored;
  for (Record& record : it->second.records) {
    if (record.id != seen.amends) continue;
    if (SaysArrived(seen)) {
      // It neither failed nor passed in time: it says nothing about now.
      record.outcome = Outcome::kNotTested;
    } else {
      record.outcome = Outcome::kFail;
      record.klass = seen.failure->klass;
      record.family = FamilyOf(record.klass);
    }
    return Filed::kAmended;
  }
  return Filed::kIgnored;
}

absl::Duration Evidence::HorizonOf(const Cell& cell) const {
  return std::max(window_, cell.interval * 5 / 2);
}

Cell* Evidence::CellFor(const Sighting& sighting) {
  const Observation& seen = sighting.observation;
  const auto planned = plan_.find(seen.check_id);
  if (has_plan_ && planned == plan_.end()) return nullptr;
  const CellKey key{sighting.vantage.agent, seen.check_id};
  const auto found = cells_.find(key);
  if (found != cells_.end()) return &found->second;
  if (cells_.size() >= kMaxCells) return nullptr;
  if (sighting.leg == Leg::kControl) has_control_ = true;
  Cell cell{.key = key,
            .target = seen.target,
            .provider = ProviderOf(sighting),
            .leg = sighting.leg,
            .interval = planned == plan_.end() ? kDefaultInterval : planned->second.interval};
  return &cells_.emplace(key, std::move(cell)).first->second;
}

void Evidence::Forget(const std::string& agent) {
  std::erase_if(cells_, [&](const auto& entry) { return entry.first.agent == agent; });
  clocks_.erase(agent);
  noise_.erase(agent);
}

void Evidence::Expire(absl::Time now) {
  for (auto& [key, cell] : cells_) {
    const absl::Time oldest = now - HorizonOf(cell);
    std::erase_if(cell.records, [&](const Record& r) { return r.ended < oldest; });
  }
  std::erase_if(cells_, [](const auto& entry) { return entry.second.records.empty(); });
  if (components_.size() > kMaxComponents) RebuildComponents();
}

void Evidence::RebuildComponents() {
  ComponentTable rebuilt;
  for (auto& [key, cell] : cells_) {
    for (Record& record : cell.records) {
      for (ComponentId& id : record.crossed) id = rebuilt.Intern(components_.Get(id));
      std::ranges::sort(record.crossed);
    }
  }
  components_ = std::move(rebuilt);
}

const Cell* Evidence::Find(const CellKey& key) const {
  const auto it = cells_.find(key);
  return it == cells_.end() ? nullptr : &it->second;
}

void Evidence::CountNoise(const std::string& agent, bool failed) {
  Noise& noise = noise_[agent];
  noise.runs += 1;
  if (failed) noise.failures += 1;
  if (noise.runs < kNoiseMemory) return;
  noise.runs /= 2;
  noise.failures /= 2;
}

double Evidence::NoiseOf(const std::string& agent) const {
  const auto it = noise_.find(agent);
  if (it == noise_.end()) return kNoiseFloor;
  const double rate = (1 + it->second.failures) / (kNoisePriorRuns + it->second.runs);
  return std::clamp(rate, kNoiseFloor, kNoiseCeiling);
}

bool Evidence::IsClockSettled(const std::string& agent, absl::Time now) const {
  const auto it = clocks_.find(agent);
  return it != clocks_.end() && now - it->second.first_filed >= kClockSettles;
}

}  // namespace postwatch::collector
