#include "collector/correlate/recovery.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "collector/correlate/explain.h"
#include "common/base/text.h"

namespace postwatch::collector {
namespace {

constexpr absl::Duration kHoldDown = absl::Seconds(20);
constexpr int kMaxHoldDoublings = 4;
constexpr absl::Duration kMinorityHold = absl::Seconds(60);
constexpr absl::Duration kConditionHold = absl::Seconds(20);
constexpr int kCleanRuns = 2;
constexpr double kEnoughOdds = 3.0;  // nats that so many passes are no luck
constexpr double kMinShare = 0.12, kMaxShare = 0.95;

// The checks that failed, as everybody sees them since the last failure.
struct Since {
  absl::Time last_failure = absl::InfinitePast();
  absl::Time first_pass = absl::InfiniteFuture();
  absl::Time first_pass_began = absl::InfiniteFuture();
  int passes = 0;
  std::set<std::string> regions;        // that pass
  std::set<CellKey> unsure;             // live cells without enough clean runs
  std::set<std::string> still_failing;  // networks
  std::set<std::string> agents_failing;
};

class Judge {
 public:
  Judge(const OpenIncident& open, const Evidence& evidence, const Witness& witness, absl::Time now)
      : open_(open), evidence_(evidence), witness_(witness), now_(now) {
    std::set<CellKey> cells = open.cells;
    if (cells.empty()) cells = CellsOfRestored();
    for (const CellKey& key : cells) {
      const Cell* cell = evidence.Find(key);
      if (cell == nullptr || witness.MaskOf(key.agent) != Mask::kNone) continue;
      live_.push_back(cell);
      checks_.insert(key.check_id);
    }
  }

  Recovery Run() const {
    Recovery recovery;
    if (live_.empty() && IsSeenByNobodyLeft()) {
      return {true, now_, "all who saw it have left the fleet", {}};
    }
    if (live_.empty()) return recovery;
    const Since all = Look("");
    if (IsClean(all, HoldDown(), true)) {
      return {true,
              all.first_pass_began,
              Concat("passes again from ", Join(all.regions, ", "), ", no failure since ",
                     ClockText(all.last_failure)),
              {}};
    }
    if (IsLoneDissent(all)) {
      const Since others = Look(*all.still_failing.begin());
      if (IsClean(others, kMinorityHold, false)) {
        return {true,
                others.first_pass_began,
                Concat("passes again from ", Join(others.regions, ", "), "; only agent ",
                       Join(all.agents_failing, ", "), " still sees failures"),
                {}};
      }
    }
    if (all.passes > 0) recovery.ask = all.unsure;
    return recovery;
  }

 private:
  bool IsSeenByNobodyLeft() const {
    const std::vector<std::string>& saw = open_.incident.verdict.evidence.agents;
    if (saw.empty() || witness_.Agents().empty()) return false;
    return std::ranges::all_of(
        saw, [this](const std::string& agent) { return witness_.Find(agent) == nullptr; });
  }

  bool IsReal() const { return open_.incident.verdict.level == VerdictLevel::kReal; }

  // After a restart the cells are not known any more: those that depend on the component.
  std::set<CellKey> CellsOfRestored() const {
    const Verdict& verdict = open_.incident.verdict;
    std::set<CellKey> cells;
    for (const auto& [key, cell] : evidence_.cells()) {
      if (cell.leg == Leg::kControl ||
          !std::ranges::binary_search(verdict.evidence.agents, key.agent))
        continue;
      const bool depends = std::ranges::any_of(cell.records, [&](const Record& record) {
        return std::ranges::any_of(record.crossed, [&](ComponentId id) {
          return evidence_.components().Get(id) == verdict.component;
        });
      });
      if (depends) cells.insert(key);
    }
    return cells;
  }

  bool Failed(const Cell& cell, const Record& record) const {
    if (record.outcome != Outcome::kFail || witness_.Excuses(cell, record)) return false;
    const Kind kind = KindOf(open_.incident.verdict.component.kind);
    // Letters sent into an outage come late or never; that does not prolong it.
    const bool of_letters = kind == Kind::kQueue || kind == Kind::kMailbox;
    return record.family != Family::kDelivery || of_letters;
  }

  // `without`: a network to leave aside; "" for none.
  Since Look(const std::string& without) const {
    Since since;
    since.last_failure = open_.incident.opened;
    const auto aside = [&](const Cell& cell) {
      const Vantage* vantage = witness_.Find(cell.key.agent);
      return vantage == nullptr || (!without.empty() && NetworkOf(*vantage) == without);
    };
    for (const Cell* cell : live_) {
      if (aside(*cell)) continue;
      for (const Record& record : cell->records) {
        if (Failed(*cell, record)) since.last_failure = std::max(since.last_failure, record.ended);
      }
      const Record* latest = cell->Latest();
      if (latest == nullptr || !Failed(*cell, *latest)) continue;
      since.still_failing.insert(NetworkOf(*witness_.Find(cell->key.agent)));
      since.agents_failing.insert(cell->key.agent);
    }
    for (const auto& [key, cell] : evidence_.cells()) {
      if (checks_.contains(key.check_id) && !aside(cell)) CountPasses(cell, since);
    }
    for (const Cell* cell : live_) {
      if (!aside(*cell) && CleanRuns(*cell) < kCleanRuns) since.unsure.insert(cell->key);
    }
    return since;
  }

  static std::string NetworkOf(const Vantage& vantage) {
    return vantage.network.empty() ? vantage.agent : vantage.network;
  }

  void CountPasses(const Cell& cell, Since& since) const {
    for (const Record& record : cell.records) {
      if (record.outcome != Outcome::kPass || record.ended <= since.last_failure) continue;
      ++since.passes;
      since.first_pass = std::min(since.first_pass, record.ended);
      since.first_pass_began = std::min(since.first_pass_began, record.began);
      since.regions.insert(witness_.Find(cell.key.agent)->region);
    }
  }

  int CleanRuns(const Cell& cell) const {
    int clean = 0;
    for (const Record& record : cell.records) {
      if (record.outcome == Outcome::kPass) ++clean;
      if (Failed(cell, record)) clean = 0;
    }
    return clean;
  }

  size_t NeededRegions() const {
    if (!IsReal()) return 1;
    std::set<std::string> regions;
    for (const Vantage* vantage : witness_.Agents()) {
      if (witness_.MaskOf(vantage->agent) == Mask::kNone) regions.insert(vantage->region);
    }
    return std::min<size_t>(2, regions.size());
  }

  absl::Duration HoldDown() const {
    return kHoldDown * (1 << std::min(open_.reopened, kMaxHoldDoublings));
  }

  bool IsClean(const Since& since, absl::Duration hold, bool two_runs_suffice) const {
    if (since.passes == 0 || since.regions.size() < NeededRegions()) return false;
    const double share = std::clamp(open_.incident.verdict.failing_share, kMinShare, kMaxShare);
    if (since.passes * -std::log(1 - 0.9 * share) < kEnoughOdds) return false;
    // A fault that came back once is not believed at the second pass.
    if (two_runs_suffice && since.unsure.empty() && open_.reopened == 0) return true;
    return now_ - since.first_pass >= hold;
  }

  bool IsLoneDissent(const Since& since) const {
    return IsReal() && since.still_failing.size() == 1 && !witness_.Shape().IsSingleVantage();
  }

  const OpenIncident& open_;
  const Evidence& evidence_;
  const Witness& witness_;
  absl::Time now_;
  std::vector<const Cell*> live_;
  std::set<std::string> checks_;
};

Recovery JudgeCondition(const OpenIncident& open, const Evidence& evidence, const Witness& witness,
                        absl::Time now) {
  Recovery recovery;
  if (now - open.proposed < kConditionHold) return recovery;
  const Incident& incident = open.incident;
  recovery.over = true;
  recovery.ended = open.proposed;
  recovery.why = "the condition is gone";
  if (incident.verdict.component.kind == component::kAgent) {
    recovery.why =
        Concat("agent ", incident.verdict.component.name, ": ",
               witness.Account(evidence, incident.verdict.component.name, incident.started, now));
  }
  return recovery;
}

}  // namespace

Recovery JudgeRecovery(const OpenIncident& open, const Evidence& evidence, const Witness& witness,
                       absl::Time now) {
  if (open.of_fleet) return JudgeCondition(open, evidence, witness, now);
  return Judge(open, evidence, witness, now).Run();
}

}  // namespace postwatch::collector
