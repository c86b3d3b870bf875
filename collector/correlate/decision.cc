#include "collector/correlate/decision.h"

#include <algorithm>
#include <set>

#include "collector/correlate/thresholds.h"

namespace postwatch::collector {
namespace {

constexpr double kContested = 3.0;  // nats
constexpr size_t kEnoughAgents = 8, kEnoughToTrust = 4;
constexpr double kLookedAtWithinRuns = 1.5;
constexpr double kLocalGain = 4.0;
constexpr double kAloneGain = 6.0;
constexpr int kAloneRun = 3, kAloneNamedRun = 2;  // consecutive failures of one check

struct Quorum {
  std::set<AgentId> agents;
  std::set<std::string> regions, networks;

  bool Meets(const FleetShape& fleet) const {
    if (agents.size() < 2) return false;
    return fleet.networks < 2 ? regions.size() >= 2 : networks.size() >= 2;
  }
};

// Those of the witnesses that can be believed.
Quorum QuorumOf(const Suspect& suspect, const View& view) {
  Quorum quorum;
  for (const FailureId id : suspect.failures) {
    const Reading& reading = view.Failure(id).reading;
    const AgentEntry& agent = view.AgentOf(reading);
    if (view.witness.MaskOf(agent.name) != Mask::kNone) continue;
    quorum.agents.insert(reading.agent);
    quorum.regions.insert(agent.region);
    quorum.networks.insert(agent.network);
  }
  return quorum;
}

bool IsNamed(const Suspect& suspect, const View& view) {
  const auto named = std::ranges::count_if(suspect.failures, [&](FailureId id) {
    return NamesItsCause(view.Failure(id).reading.family);
  });
  return static_cast<size_t>(named) * 2 > suspect.failures.size();
}

// Who asks too often is told so; that is no listing.
bool IsThrottled(const Suspect& suspect, const View& view) {
  const auto throttled = std::ranges::count_if(suspect.failures, [&](FailureId id) {
    const FailureClass klass = view.Failure(id).klass;
    return klass == FailureClass::kSmtpThrottledTemp || klass == FailureClass::kSmtpThrottledPerm;
  });
  return static_cast<size_t>(throttled) * 2 > suspect.failures.size();
}

// A letter that is not there accuses its delivery only once the mailbox is seen to be readable,
// where that is looked at.
bool IsAccessUnclear(const Suspect& suspect, const View& view) {
  if (suspect.kind != Kind::kQueue) return false;
  const Reading& first = view.Failure(suspect.failures.front()).reading;
  const std::string& provider = view.CheckOf(first).provider;
  if (!view.evidence.WatchesAccess(provider)) return false;
  return std::ranges::none_of(view.evidence.cells(), [&](const CheckCell& cell) {
    const CheckEntry& check = view.evidence.CheckOf(cell);
    return check.leg == Leg::kAccess && check.provider == provider && !cell.failing() &&
           cell.ended >= first.ended;
  });
}

// Too few have looked since it began: some networks' trouble with a provider looks the same until
// others report. Not for long: others may be away.
bool IsHardlyLookedAt(const Suspect& suspect, const View& view) {
  const bool wide = suspect.kind == Kind::kService || suspect.kind == Kind::kProvider ||
                    suspect.kind == Kind::kDataCentre || suspect.kind == Kind::kDnsHoster ||
                    suspect.kind == Kind::kZone;
  // Agents of one make may share a stale trust store, or a clock that is off.
  const bool by_trust = suspect.kind == Kind::kCertificate;
  if (!by_trust && (!wide || IsNamed(suspect, view))) return false;
  double interval = 0;
  for (const FailureId id : suspect.failures) {
    interval = std::max(interval, view.CheckOf(view.Failure(id).reading).interval);
  }
  if (view.now - suspect.began > interval * kLookedAtWithinRuns) return false;
  const auto fleet = static_cast<size_t>(view.witness.Shape().agents);
  const size_t enough =
      by_trust ? std::min(kEnoughToTrust, fleet / 2 + 1) : std::min(kEnoughAgents, (fleet + 1) / 2);
  return suspect.fit.agents < enough;
}

Ruling DecideAlone(const Suspect& suspect, const View& view) {
  int longest = 0;
  for (const FailureId id : suspect.failures) {
    const Reading& reading = view.Failure(id).reading;
    if (!view.witness.IsVouchedFor(view.AgentOf(reading).name)) return Ruling::kWait;
    longest = std::max<int>(longest, view.evidence.At(reading.cell).failures);
  }
  const int enough = IsNamed(suspect, view) ? kAloneNamedRun : kAloneRun;
  return longest >= enough && suspect.gain >= kAloneGain ? Ruling::kOpenGuarded : Ruling::kWait;
}

}  // namespace

Ruling Judge::Decide(const Suspect& suspect, const View& view) {
  if (suspect.failures.empty()) return Ruling::kWait;
  if (IsReal(suspect.kind)) return DecideReal(suspect, view);
  const bool firm = suspect.gain >= kLocalGain && suspect.failures.size() >= kEnoughFailures;
  return firm ? Ruling::kOpenLocal : Ruling::kWait;
}

Ruling Judge::DecideReal(const Suspect& suspect, const View& view) {
  if (IsAccessUnclear(suspect, view)) return Ruling::kWait;
  if (IsOfOneAgent(suspect.kind)) {
    const bool firm = suspect.gain >= kOneAgentGain &&
                      suspect.failures.size() >= kOneAgentFailures &&
                      suspect.newest - suspect.began >= kOneAgentSpan && suspect.confidence > 0.5 &&
                      IsNamed(suspect, view) && !IsThrottled(suspect, view);
    return firm ? Ruling::kOpenReal : Ruling::kWait;
  }
  const FleetShape fleet = view.witness.Shape();
  if (fleet.IsSingleVantage()) return DecideAlone(suspect, view);
  const bool weak = suspect.fit.share <= kWeakShare;
  const double needed =
      kRealGain + (weak ? kMoreForWeak : 0) + (suspect.fit.reach < 1 ? kMoreForSome : 0);
  if (!QuorumOf(suspect, view).Meets(fleet) || suspect.bounded < needed) {
    return Ruling::kWait;
  }
  if (!Persists(suspect, view) || IsHardlyLookedAt(suspect, view)) return Ruling::kWait;
  return IsBeyondDoubt(suspect, view.now) ? Ruling::kOpenReal : Ruling::kWait;
}

bool Judge::Persists(const Suspect& suspect, const View& view) const {
  // Where it might as well be something else, it is waited for what tells them apart.
  const bool contested =
      !suspect.rivals.empty() && suspect.rivals.front().gain > suspect.gain - kContested;
  if (IsNamed(suspect, view) && !contested) return true;
  // Some failures of many before a gust would make it look longer.
  const double share = suspect.fit.share * suspect.fit.reach;
  const double lasting = blip_ * (share > kHalfOfAttempts ? 1 : kLongerForFew);
  return suspect.failures.size() >= kEnoughFailures && suspect.span >= lasting;
}

bool Judge::IsBeyondDoubt(const Suspect& suspect, double now) {
  const bool some = suspect.fit.reach < 1;  // as paths of some networks would have it
  if (suspect.odds >= (some ? kRealOddsOfSome : kRealOdds)) return true;
  if (suspect.odds < kLikelierOdds) return false;
  Doubt& doubt = doubts_.try_emplace(suspect.id, Doubt{.since = now}).first->second;
  doubt.raised = true;
  return now - doubt.since > kDoubtLasts;
}

void Judge::Adjourn() {
  std::erase_if(doubts_, [](const auto& entry) { return !entry.second.raised; });
  for (auto& [id, doubt] : doubts_) doubt.raised = false;
}

}  // namespace postwatch::collector
