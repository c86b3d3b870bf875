#include "collector/correlate/situation.h"

#include <algorithm>
#include <tuple>

namespace postwatch::collector {
namespace {

constexpr int kCleanRuns = 2;          // end the trouble of a cell that failed solidly
constexpr int kCleanRunsFlapping = 4;  // and of one that passed in between
constexpr absl::Duration kLate = absl::Seconds(15);
constexpr absl::Duration kSettledSlack = absl::Seconds(5);
constexpr absl::Duration kDrains = absl::Minutes(5);  // letters of a fault that is over still come
constexpr double kSupported = 0.05;

class StockTaker {
 public:
  StockTaker(const Evidence& evidence, const Witness& witness,
             const std::vector<SettledFault>& settled, absl::Time now)
      : evidence_(evidence), witness_(witness), settled_(settled) {
    stock_.now = now;
    stock_.fleet = witness.Shape();
  }

  Situation Take(const std::set<CellKey>& asked) {
    for (const auto& [key, cell] : evidence_.cells()) AddFailures(cell);
    if (stock_.events.empty()) return std::move(stock_);
    const auto first =
        std::ranges::min_element(stock_.events, {}, [](const Event& e) { return e.record->began; });
    const absl::Time since = first->record->began;
    for (const auto& [key, cell] : evidence_.cells()) {
      AddPasses(cell, since);
      if (cell.leg != Leg::kControl) NoteServices(cell);
      if (cell.leg == Leg::kControl && !witness_.IsPartlyUnwell(key.agent)) {
        stock_.watched_agents.insert(key.agent);
      }
      if (cell.leg == Leg::kAccess) stock_.watches_access.insert(cell.provider);
    }
    std::ranges::sort(stock_.events, {}, [](const Event& e) {
      return std::tie(e.record->ended, e.cell->key, e.record->id);
    });
    for (const CellKey& key : asked) AddAssumed(key);
    return std::move(stock_);
  }

 private:
  bool Counts(const Cell& cell, const Record& failure) const {
    return !witness_.Excuses(cell, failure) && !IsSettled(cell, failure);
  }

  bool IsSettled(const Cell& cell, const Record& failure) const {
    return std::ranges::any_of(settled_, [&](const SettledFault& fault) {
      return KeptLetter(fault, cell, failure) || (fault.over && Caused(fault, cell, failure));
    });
  }

  static bool KeptLetter(const SettledFault& fault, const Cell& cell, const Record& failure) {
    return fault.keeps_letters && failure.family == Family::kDelivery &&
           fault.provider == cell.provider && failure.began >= fault.started - kDrains &&
           failure.began <= fault.ended + kSettledSlack;
  }

  bool Caused(const SettledFault& fault, const Cell& cell, const Record& failure) const {
    if (failure.ended < fault.started - kSettledSlack) return false;
    if (failure.began > fault.ended + kSettledSlack) return false;
    if (fault.cells.contains(cell.key)) return true;
    return std::ranges::any_of(failure.crossed, [&](ComponentId id) {
      const ComponentRef& crossed = evidence_.components().Get(id);
      return (crossed == fault.component || fault.also.contains(crossed)) &&
             Support(evidence_.components().KindOf(id), failure.family) >= kSupported;
    });
  }

  // The failures since the cell was last well.
  void AddFailures(const Cell& cell) {
    if (cell.leg == Leg::kControl) return;
    const Vantage* vantage = witness_.Find(cell.key.agent);
    if (vantage == nullptr) return;
    std::vector<const Record*> failures;
    int clean = 0;
    bool flapping = false;
    for (const Record& record : cell.records) {
      if (record.outcome == Outcome::kPass) {
        ++clean;
        if (clean >= (flapping ? kCleanRunsFlapping : kCleanRuns)) failures.clear();
        if (failures.empty()) flapping = false;
      } else if (record.outcome == Outcome::kFail && Counts(cell, record)) {
        flapping = flapping || (!failures.empty() && clean > 0);
        clean = 0;
        failures.push_back(&record);
      }
    }
    for (const Record* failure : failures) {
      const bool current = failure == cell.Latest() && cell.IsFresh(*failure, stock_.now) &&
                           failure->received - failure->ended <= kLate &&
                           evidence_.IsClockSettled(cell.key.agent, stock_.now);
      stock_.events.push_back(
          {&cell, failure, vantage, evidence_.NoiseOf(cell.key.agent), true, current, false});
    }
  }

  void AddPasses(const Cell& cell, absl::Time since) {
    const Vantage* vantage = witness_.Find(cell.key.agent);
    if (vantage == nullptr) return;
    for (const Record& record : cell.records) {
      if (record.outcome != Outcome::kPass || record.ended < since) continue;
      stock_.events.push_back({&cell, &record, vantage, 0, false, false, false});
    }
  }

  void AddAssumed(const CellKey& key) {
    const Cell* cell = evidence_.Find(key);
    const Vantage* vantage = witness_.Find(key.agent);
    if (cell == nullptr || vantage == nullptr) return;
    const Record* latest = cell->Latest();
    if (latest == nullptr || latest->outcome != Outcome::kPass) return;
    stock_.events.push_back({cell, latest, vantage, 0, false, false, true});
  }

  void NoteServices(const Cell& cell) {
    const Record* latest = cell.Latest();
    if (latest == nullptr || !cell.IsFresh(*latest, stock_.now)) return;
    for (const ComponentId whole : latest->crossed) {
      const Kind kind = evidence_.components().KindOf(whole);
      // A round trip visits several front ends, not every service at each.
      const bool front_end = kind == Kind::kSite && cell.leg != Leg::kDelivery;
      if (kind != Kind::kProvider && !front_end) continue;
      for (const ComponentId service : latest->crossed) {
        if (evidence_.components().KindOf(service) != Kind::kService) continue;
        stock_.services[whole].insert(service);
      }
    }
  }

  const Evidence& evidence_;
  const Witness& witness_;
  const std::vector<SettledFault>& settled_;
  Situation stock_;
};

}  // namespace

bool Situation::HasFailures() const {
  return std::ranges::any_of(events, [](const Event& e) { return e.failed; });
}

Situation TakeStock(const Evidence& evidence, const Witness& witness,
                    const std::vector<SettledFault>& settled, const std::set<CellKey>& asked,
                    absl::Time now) {
  return StockTaker(evidence, witness, settled, now).Take(asked);
}

}  // namespace postwatch::collector
