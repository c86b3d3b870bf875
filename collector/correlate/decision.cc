#include "collector/correlate/decision.h"

#include <algorithm>
#include <map>

namespace postwatch::collector {
namespace {

constexpr double kRealGain = 6.0;  // two failures that name their cause, or three that do not
constexpr double kRealOdds = 3.5;  // 97 % real
constexpr double kLocalGain = 4.0;
constexpr size_t kEnoughFailures = 3;
constexpr absl::Duration kEnoughSpan = absl::Seconds(25);
constexpr absl::Duration kBlip = absl::Seconds(3);
constexpr int kSingleVantageRun = 3;  // consecutive failures of one check
constexpr int kSingleVantageNamedRun = 2;
constexpr absl::Duration kNobodyElse = absl::Seconds(60);

absl::Duration SpanOf(const Suspect& suspect, const Situation& situation) {
  absl::Time first = absl::InfiniteFuture(), last = absl::InfinitePast();
  for (const size_t i : suspect.failures) {
    first = std::min(first, situation.events[i].record->ended);
    last = std::max(last, situation.events[i].record->ended);
  }
  return last - first;
}

// Whether somebody saw it fail, and fail again long enough after that for it to be no blip.
bool Persists(const Suspect& suspect, const Situation& situation) {
  return std::ranges::any_of(suspect.failures, [&](size_t i) {
    const Event& event = situation.events[i];
    if (!event.current) return false;
    absl::Time first = event.record->began;
    for (auto it = event.cell->records.rbegin(); it != event.cell->records.rend(); ++it) {
      if (it->outcome == Outcome::kPass) break;
      if (it->outcome == Outcome::kFail) first = std::min(first, it->began);
    }
    return event.record->began - first >= kBlip;
  });
}

Decision DecideAlone(const Suspect& suspect, const Situation& situation, const Witness& witness) {
  for (const std::string& agent : suspect.quorum.agents) {
    if (!witness.IsVouchedFor(agent)) return Decision::kWait;
  }
  std::map<const Cell*, int> runs;
  for (const size_t i : suspect.failures) {
    const Event& event = situation.events[i];
    int run = 0;
    for (auto it = event.cell->records.rbegin(); it != event.cell->records.rend(); ++it) {
      if (it->outcome == Outcome::kPass) break;
      if (it->outcome == Outcome::kFail) ++run;
    }
    runs[event.cell] = run;
  }
  const int enough = suspect.quorum.named ? kSingleVantageNamedRun : kSingleVantageRun;
  const bool lasting = std::ranges::any_of(runs, [&](const auto& r) { return r.second >= enough; });
  return lasting && suspect.gain >= kRealGain ? Decision::kOpenGuarded : Decision::kWait;
}

// Whether the agent has shown since then that it sees well: by its control check where it has one,
// else by runs that have nothing to do with the suspect.
bool IsCredible(const std::string& agent, const Suspect& suspect, const Situation& situation) {
  int passes = 0, failures = 0, controls = 0;
  for (const Event& event : situation.events) {
    if (event.vantage->agent != agent || event.assumed) continue;
    if (event.record->ended < suspect.since || event.record->Crosses(suspect.id)) continue;
    if (event.cell->leg == Leg::kControl) ++controls;
    ++(event.failed ? failures : passes);
  }
  if (situation.watched_agents.contains(agent)) return controls > 0;
  return failures == 0 || passes >= failures;
}

// The quorum must stand without those who may be unwell themselves.
bool IsCredible(const Suspect& suspect, const Situation& situation) {
  Quorum credible = suspect.quorum;
  credible.agents.clear();
  credible.regions.clear();
  credible.networks.clear();
  for (const size_t i : suspect.failures) {
    const Event& event = situation.events[i];
    if (!suspect.quorum.agents.contains(event.vantage->agent)) continue;
    if (!IsCredible(event.vantage->agent, suspect, situation)) continue;
    credible.agents.insert(event.vantage->agent);
    credible.regions.insert(event.vantage->region);
    credible.networks.insert(event.vantage->network);
  }
  return credible.Meets(situation.fleet);
}

// A letter that is not there accuses its delivery only once the mailbox is seen to be readable,
// where that is looked at.
bool IsAccessUnclear(const Suspect& suspect, const Situation& situation) {
  if (KindOf(suspect.component.kind) != Kind::kQueue) return false;
  const Event& first = situation.events[suspect.failures.front()];
  if (!situation.watches_access.contains(first.cell->provider)) return false;
  return std::ranges::none_of(situation.events, [&](const Event& event) {
    return !event.failed && !event.assumed && event.cell->leg == Leg::kAccess &&
           event.cell->provider == first.cell->provider &&
           event.record->ended >= first.record->ended;
  });
}

Decision DecideReal(const Suspect& suspect, const Situation& situation, const Witness& witness) {
  if (!suspect.quorum.Meets(situation.fleet)) return Decision::kWait;
  if (IsAccessUnclear(suspect, situation)) return Decision::kWait;
  if (situation.fleet.IsSingleVantage()) return DecideAlone(suspect, situation, witness);
  if (suspect.gain < kRealGain || suspect.real_odds < kRealOdds) return Decision::kWait;
  if (!IsCredible(suspect, situation)) return Decision::kWait;
  if (suspect.quorum.named) return Decision::kOpenReal;
  if (suspect.quorum.confirmed && Persists(suspect, situation)) return Decision::kOpenReal;
  const bool lasting =
      suspect.failures.size() >= kEnoughFailures && SpanOf(suspect, situation) >= kEnoughSpan;
  return lasting ? Decision::kOpenReal : Decision::kWait;
}

// Whether others look at the same and see it well, or nobody else could.
bool IsRefutedElsewhere(const Suspect& suspect, const Situation& situation,
                        const Witness& witness) {
  std::set<std::string> checks, agents;
  for (const size_t i : suspect.failures) {
    checks.insert(situation.events[i].cell->key.check_id);
    agents.insert(situation.events[i].vantage->agent);
  }
  for (const Event& event : situation.events) {
    if (event.failed || event.assumed || agents.contains(event.vantage->agent)) continue;
    if (checks.contains(event.cell->key.check_id) && event.record->ended >= suspect.since) {
      return true;
    }
  }
  const auto others = witness.Agents();
  const bool alone = std::ranges::none_of(others, [&](const Vantage* v) {
    return !agents.contains(v->agent) && witness.MaskOf(v->agent) == Mask::kNone;
  });
  return alone || situation.now - suspect.since >= kNobodyElse;
}

}  // namespace

Decision Decide(const Suspect& suspect, const Situation& situation, const Witness& witness) {
  if (suspect.real) return DecideReal(suspect, situation, witness);
  if (suspect.gain < kLocalGain || suspect.failures.size() < kEnoughFailures) {
    return Decision::kWait;
  }
  return IsRefutedElsewhere(suspect, situation, witness) ? Decision::kOpenLocal : Decision::kWait;
}

}  // namespace postwatch::collector
