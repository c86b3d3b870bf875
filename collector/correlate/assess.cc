#include "collector/correlate/assess.h"

#include <algorithm>
#include <map>
#include <set>

namespace postwatch::collector {
namespace {

constexpr size_t kMaxObservations = 5;
constexpr size_t kMaxReplies = 3;
constexpr size_t kMaxTargets = 50;
constexpr size_t kMaxMasked = 50;
constexpr double kSingleVantageConfidence = 0.6;
constexpr double kPartialShare = 0.5;
constexpr double kWholly = 0.9;  // share of the runs there that fail
constexpr size_t kMaxAlternatives = 3;
constexpr double kWorthNaming = 0.005;

// The most frequent key; the first in order among equals.
template <class Key>
Key MostFrequent(const std::map<Key, int>& counts) {
  Key best{};
  int most = 0;
  for (const auto& [key, count] : counts) {
    if (count > most) {
      most = count;
      best = key;
    }
  }
  return best;
}

bool IsPermanent(FailureClass klass) {
  return FailureClassName(klass).ends_with("_perm") || klass == FailureClass::kBounce;
}

Leg LegOf(const Suspect& suspect, const View& view) {
  const std::string& name = view.catalog.Ref(suspect.id).name;
  switch (suspect.kind) {
    case Kind::kPublished:
    case Kind::kZone:
    case Kind::kNameServer:
    case Kind::kDnsHoster:
      return Leg::kDns;
    case Kind::kMx:
    case Kind::kProvider:
    case Kind::kDataCentre:
      return Leg::kInbound;
    case Kind::kQueue:
    case Kind::kMailbox:
      return Leg::kDelivery;
    case Kind::kService:
      if (name.ends_with("/submission")) return Leg::kSubmission;
      return name.ends_with("/smtp") ? Leg::kInbound : Leg::kAccess;
    case Kind::kAgent:
    case Kind::kIsp:
    case Kind::kResolver:
    case Kind::kAnchor:
      return Leg::kControl;
    default:
      break;
  }
  std::map<Leg, int> legs;
  for (const FailureId id : suspect.failures) {
    const Leg leg = view.CheckOf(view.Failure(id).reading).leg;
    if (leg != Leg::kDelivery) ++legs[leg];
  }
  return legs.empty() ? Leg::kDelivery : MostFrequent(legs);
}

// How each region sees what failed, as of its latest runs.
std::vector<ScopeRow> ScopeOf(const Suspect& suspect, const View& view) {
  std::set<CellId> failed;
  std::set<CheckId> checks;
  for (const FailureId id : suspect.failures) {
    const Reading& reading = view.Failure(id).reading;
    failed.insert(reading.cell);
    checks.insert(view.evidence.At(reading.cell).check);
  }
  std::set<std::string> failing, healthy;
  for (const CellId id : failed) {
    const CheckCell& cell = view.evidence.At(id);
    if (cell.failing() && view.evidence.IsFresh(cell, view.now)) {
      failing.insert(view.catalog.AgentOf(cell.agent).name);
    }
  }
  for (const Clue& clue : view.suspicions.Of(suspect.id).clues) {
    const CheckCell& cell = view.evidence.At(clue.cell);
    if (clue.failure == kNoFailure && clue.ended >= suspect.fit.since && !cell.failing() &&
        checks.contains(cell.check)) {
      healthy.insert(view.catalog.AgentOf(cell.agent).name);
    }
  }
  std::map<std::string, ScopeRow> rows;
  for (const Vantage* vantage : view.witness.Agents()) {
    ScopeRow& row = rows[vantage->region];
    row.region = vantage->region;
    if (failing.contains(vantage->agent)) {
      ++row.failing;
    } else if (view.witness.MaskOf(vantage->agent) != Mask::kNone) {
      ++row.masked;
    } else if (healthy.contains(vantage->agent)) {
      ++row.healthy;
    }
  }
  std::vector<ScopeRow> scope;
  for (auto& [region, row] : rows) scope.push_back(std::move(row));
  return scope;
}

std::map<std::string, std::string> MaskedAgents(const Witness& witness) {
  std::map<std::string, std::string> masked;
  for (const Vantage* vantage : witness.Agents()) {
    if (masked.size() >= kMaxMasked) break;
    const std::string reason = witness.MaskReason(vantage->agent);
    if (!reason.empty()) masked[vantage->agent] = reason;
  }
  return masked;
}

VerdictEvidence EvidenceOf(const Suspect& suspect, const View& view) {
  VerdictEvidence evidence{.failures = static_cast<int64_t>(suspect.failures.size()),
                           .passes = suspect.passes,
                           .gain = suspect.gain,
                           .bounded = suspect.bounded,
                           .odds = IsReal(suspect.kind) ? suspect.odds : 0,
                           .share = suspect.fit.share,
                           .reach = suspect.fit.reach,
                           .looked = static_cast<int64_t>(suspect.fit.agents),
                           .against = static_cast<int64_t>(suspect.fit.against),
                           .masked = MaskedAgents(view.witness)};
  std::set<std::string> agents, networks, replies;
  // The newest of each agent first: together they show that it is not one agent's.
  std::vector<const FailureRecord*> newest, rest;
  for (auto it = suspect.failures.rbegin(); it != suspect.failures.rend(); ++it) {
    const FailureRecord& failure = view.Failure(*it);
    const AgentEntry& agent = view.AgentOf(failure.reading);
    (agents.insert(agent.name).second ? newest : rest).push_back(&failure);
    networks.insert(agent.network);
    ++evidence.classes[std::string(FailureClassName(failure.klass))];
  }
  newest.insert(newest.end(), rest.begin(), rest.end());
  for (const FailureRecord* failure : newest) {
    if (evidence.observation_ids.size() < kMaxObservations && !failure->observation.empty()) {
      evidence.observation_ids.push_back(failure->observation);
    }
    const std::string& reply = failure->reply;
    if (replies.size() < kMaxReplies && !reply.empty() && replies.insert(reply).second) {
      evidence.replies.push_back(reply);
    }
  }
  evidence.agents = {agents.begin(), agents.end()};
  evidence.networks = {networks.begin(), networks.end()};
  return evidence;
}

// Whether senders are told a final "no". A resolver that cannot validate is asked again.
bool IsRejected(FailureClass klass) {
  if (klass == FailureClass::kDnsDnssecBogus) return false;
  return FamilyOf(klass) == Family::kRecords || IsPermanent(klass) ||
         klass == FailureClass::kSmtpLoop;
}

// Of what a domain says about its mail.
MailLoss LossOfPublished(FailureClass klass) {
  switch (klass) {
    case FailureClass::kDomainExpired:
    case FailureClass::kDomainHold:
    case FailureClass::kSpfSenderNotCovered:
      return MailLoss::kRejected;
    // Senders that hold to the policy keep the letters and try again.
    case FailureClass::kMtastsMxMismatch:
    case FailureClass::kTlsDaneMismatch:
    case FailureClass::kDaneLookupServfail:
    case FailureClass::kDnsDnssecBogus:
    case FailureClass::kDnsDsWithoutDnskey:
      return MailLoss::kQueued;
    default:
      return MailLoss::kNone;
  }
}

// `unreadable`: mailboxes cannot be opened either.
MailLoss LossOf(const Verdict& verdict, Family family, bool unreadable) {
  if (verdict.level != VerdictLevel::kReal) return MailLoss::kNone;
  if (verdict.klass == FailureClass::kDuplicate) return MailLoss::kNone;
  const Kind kind = KindOf(verdict.component.kind);
  if (kind == Kind::kPublished) return LossOfPublished(verdict.klass);
  if (IsRejected(verdict.klass)) return MailLoss::kRejected;
  if (verdict.klass == FailureClass::kDeliveryLost || family == Family::kStore ||
      verdict.klass == FailureClass::kImapOverquota) {
    return MailLoss::kAtRisk;
  }
  if (kind == Kind::kProvider || kind == Kind::kQueue) return MailLoss::kQueued;
  switch (verdict.leg) {
    case Leg::kDns:
    case Leg::kInbound:
    case Leg::kDelivery:
      return MailLoss::kQueued;
    case Leg::kSubmission:
      return unreadable ? MailLoss::kNone : MailLoss::kAccessible;
    default:
      return MailLoss::kNone;
  }
}

// Whether those who see it fail reach what they want at another front end: what they ran again
// since mostly passed, and not because this one serves now and then.
bool HasHealthySibling(const Suspect& suspect, const View& view) {
  if (suspect.kind != Kind::kSite || suspect.fit.share < kWholly) return false;
  std::map<CellId, double> first_failed;
  for (const FailureId id : suspect.failures) {
    const Reading& reading = view.Failure(id).reading;
    const auto at = first_failed.try_emplace(reading.cell, reading.began).first;
    at->second = std::min(at->second, reading.began);
  }
  size_t again = 0, served = 0;
  for (const auto& [id, began] : first_failed) {
    const CheckCell& cell = view.evidence.At(id);
    if (!view.evidence.IsFresh(cell, view.now)) continue;
    const bool elsewhere = !cell.failing() && !view.catalog.Crosses(cell.route, suspect.id);
    const bool in_between = cell.failing() && cell.failed_since > began;
    if (elsewhere || in_between) ++served;
    if (elsewhere || in_between || cell.failures > 1) ++again;
  }
  return served * 2 > again;
}

Severity SeverityOf(const Verdict& verdict, Family family, bool has_sibling) {
  const Kind kind = KindOf(verdict.component.kind);
  if (verdict.level == VerdictLevel::kLocal) {
    return kind == Kind::kPath ? Severity::kSev3 : Severity::kSev4;
  }
  if (IsOfOneAgent(kind) || verdict.klass == FailureClass::kDuplicate) return Severity::kSev4;
  const bool one_mailbox = kind == Kind::kAccount || kind == Kind::kMailbox;
  const bool redundant = kind == Kind::kMx || kind == Kind::kNameServer || has_sibling;
  const bool everywhere = std::ranges::none_of(
      verdict.scope, [](const ScopeRow& row) { return row.healthy > 0 && row.failing == 0; });
  if (one_mailbox || (family == Family::kReputation && !everywhere)) return Severity::kSev3;
  // After a final "no" no sender tries another host.
  if (verdict.mail_loss == MailLoss::kRejected || verdict.klass == FailureClass::kDeliveryLost) {
    return Severity::kSev1;
  }
  if (redundant) return Severity::kSev3;
  if (kind == Kind::kPublished && verdict.mail_loss == MailLoss::kNone) return Severity::kSev3;
  if (!everywhere || verdict.failing_share < kPartialShare) return Severity::kSev3;
  return kind == Kind::kProvider ? Severity::kSev1 : Severity::kSev2;
}

std::vector<Alternative> AlternativesOf(const Suspect& suspect, const Catalog& catalog) {
  std::vector<Alternative> alternatives;
  for (const Rival& rival : suspect.rivals) {
    if (alternatives.size() >= kMaxAlternatives || rival.confidence < kWorthNaming) break;
    alternatives.push_back({.component = catalog.Ref(rival.id), .confidence = rival.confidence});
  }
  return alternatives;
}

}  // namespace

Verdict MakeVerdict(const Suspect& suspect, const View& view, bool guarded) {
  Verdict verdict{.component = view.catalog.Ref(suspect.id),
                  .level = IsReal(suspect.kind) ? VerdictLevel::kReal : VerdictLevel::kLocal,
                  .leg = LegOf(suspect, view),
                  .confidence = suspect.confidence,
                  .alternatives = AlternativesOf(suspect, view.catalog)};
  std::map<FailureClass, int> classes;
  std::map<std::string, int> providers;
  std::set<std::string_view> targets;
  bool unreadable = false;
  for (const FailureId id : suspect.failures) {
    const FailureRecord& failure = view.Failure(id);
    const CheckEntry& check = view.CheckOf(failure.reading);
    ++classes[failure.klass];
    ++providers[check.provider];
    unreadable = unreadable || check.leg == Leg::kAccess;
    targets.insert(check.target);
  }
  verdict.klass = MostFrequent(classes);
  if (IsReal(suspect.kind) || suspect.kind == Kind::kPath) {
    verdict.provider = MostFrequent(providers);
  }
  for (const std::string_view target : targets) {
    if (verdict.targets.size() >= kMaxTargets) break;
    verdict.targets.emplace_back(target);
  }
  verdict.targets_hit = static_cast<int64_t>(targets.size());
  verdict.scope = ScopeOf(suspect, view);
  verdict.evidence = EvidenceOf(suspect, view);
  const auto attempts =
      static_cast<double>(suspect.failures.size()) + static_cast<double>(suspect.passes);
  verdict.failing_share = static_cast<double>(suspect.failures.size()) / std::max(attempts, 1.0);
  if (guarded) verdict.confidence = std::min(verdict.confidence, kSingleVantageConfidence);
  const Family family = FamilyOf(verdict.klass);
  verdict.mail_loss = LossOf(verdict, family, unreadable);
  verdict.severity = SeverityOf(verdict, family, HasHealthySibling(suspect, view));
  return verdict;
}

Verdict MakeVerdict(const FleetCondition& condition, const Witness& witness) {
  Verdict verdict{
      .component = condition.component,
      .klass = condition.klass,
      .level = condition.level,
      .leg = Leg::kControl,
      .severity = condition.level == VerdictLevel::kLocal ? Severity::kSev4 : Severity::kSev3,
      .confidence = 1,
      .explanation = condition.sentence};
  verdict.evidence.agents = condition.agents;
  verdict.evidence.masked = MaskedAgents(witness);
  std::map<std::string, ScopeRow> rows;
  std::set<std::string> networks;
  for (const std::string& agent : condition.agents) {
    const Vantage* vantage = witness.Find(agent);
    if (vantage == nullptr) continue;
    rows[vantage->region].region = vantage->region;
    ++rows[vantage->region].masked;
    if (!vantage->network.empty()) networks.insert(vantage->network);
  }
  verdict.evidence.networks = {networks.begin(), networks.end()};
  for (auto& [region, row] : rows) verdict.scope.push_back(std::move(row));
  return verdict;
}

}  // namespace postwatch::collector
