#include "collector/correlate/assess.h"

#include <algorithm>
#include <map>
#include <set>

namespace postwatch::collector {
namespace {

constexpr size_t kMaxObservations = 5;
constexpr size_t kMaxReplies = 3;
constexpr size_t kMaxTargets = 50;
constexpr double kSingleVantageConfidence = 0.6;
constexpr double kPartialShare = 0.5;

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

Leg LegOf(const Suspect& suspect, const Situation& situation) {
  const std::string& name = suspect.component.name;
  switch (KindOf(suspect.component.kind)) {
    case Kind::kZone:
    case Kind::kNameServer:
      return Leg::kDns;
    case Kind::kMx:
    case Kind::kProvider:
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
      return Leg::kControl;
    default:
      break;
  }
  std::map<Leg, int> legs;
  for (const size_t i : suspect.failures) {
    const Leg leg = situation.events[i].cell->leg;
    if (leg != Leg::kDelivery) ++legs[leg];
  }
  return legs.empty() ? Leg::kDelivery : MostFrequent(legs);
}

std::vector<ScopeRow> ScopeOf(const Suspect& suspect, const Situation& situation,
                              const Evidence& evidence, const Witness& witness) {
  std::set<const Record*> failures;
  std::set<std::string> checks, failing, healthy;
  for (const size_t i : suspect.failures) {
    failures.insert(situation.events[i].record);
    checks.insert(situation.events[i].cell->key.check_id);
  }
  for (const auto& [key, cell] : evidence.cells()) {
    const Record* latest = cell.Latest();
    if (latest == nullptr || !cell.IsFresh(*latest, situation.now)) continue;
    if (failures.contains(latest)) failing.insert(key.agent);
    if (latest->outcome == Outcome::kPass && checks.contains(key.check_id) &&
        latest->ended >= suspect.since) {
      healthy.insert(key.agent);
    }
  }
  std::map<std::string, ScopeRow> rows;
  for (const Vantage* vantage : witness.Agents()) {
    ScopeRow& row = rows[vantage->region];
    row.region = vantage->region;
    if (failing.contains(vantage->agent)) {
      ++row.failing;
    } else if (witness.MaskOf(vantage->agent) != Mask::kNone) {
      ++row.masked;
    } else if (healthy.contains(vantage->agent)) {
      ++row.healthy;
    }
  }
  std::vector<ScopeRow> scope;
  for (auto& [region, row] : rows) scope.push_back(std::move(row));
  return scope;
}

VerdictEvidence EvidenceOf(const Suspect& suspect, const Situation& situation) {
  VerdictEvidence evidence{.failures = static_cast<int64_t>(suspect.failures.size()),
                           .passes = suspect.passes};
  std::set<std::string> agents, networks, replies;
  // The newest of each agent first: together they show that it is not one agent's.
  std::vector<const Event*> newest, rest;
  for (auto it = suspect.failures.rbegin(); it != suspect.failures.rend(); ++it) {
    const Event& event = situation.events[*it];
    (agents.insert(event.vantage->agent).second ? newest : rest).push_back(&event);
    if (!event.vantage->network.empty()) networks.insert(event.vantage->network);
    ++evidence.classes[std::string(FailureClassName(event.record->klass))];
  }
  newest.insert(newest.end(), rest.begin(), rest.end());
  for (const Event* event : newest) {
    if (evidence.observation_ids.size() < kMaxObservations) {
      evidence.observation_ids.push_back(event->record->id);
    }
    const std::string& reply = event->record->reply;
    if (replies.size() < kMaxReplies && !reply.empty() && replies.insert(reply).second) {
      evidence.replies.push_back(reply);
    }
  }
  evidence.agents = {agents.begin(), agents.end()};
  evidence.networks = {networks.begin(), networks.end()};
  return evidence;
}

MailLoss LossOf(const Verdict& verdict, Family family) {
  if (verdict.level != VerdictLevel::kReal) return MailLoss::kNone;
  const Kind kind = KindOf(verdict.component.kind);
  if (family == Family::kRecords || IsPermanent(verdict.klass)) return MailLoss::kRejected;
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
      return MailLoss::kAccessible;
    default:
      return MailLoss::kNone;
  }
}

Severity SeverityOf(const Verdict& verdict, Family family) {
  const Kind kind = KindOf(verdict.component.kind);
  if (verdict.level == VerdictLevel::kLocal) {
    return kind == Kind::kPath || kind == Kind::kListed ? Severity::kSev3 : Severity::kSev4;
  }
  const bool one_mailbox = kind == Kind::kAccount || kind == Kind::kMailbox;
  const bool redundant = kind == Kind::kMx || kind == Kind::kNameServer;
  if (one_mailbox || redundant || family == Family::kReputation) return Severity::kSev3;
  if (verdict.mail_loss == MailLoss::kRejected || verdict.klass == FailureClass::kDeliveryLost) {
    return Severity::kSev1;
  }
  const bool everywhere = std::ranges::none_of(
      verdict.scope, [](const ScopeRow& row) { return row.healthy > 0 && row.failing == 0; });
  if (!everywhere || verdict.failing_share < kPartialShare) return Severity::kSev3;
  return kind == Kind::kProvider ? Severity::kSev1 : Severity::kSev2;
}

}  // namespace

Verdict MakeVerdict(const Suspect& suspect, const Situation& situation, const Evidence& evidence,
                    const Witness& witness, bool guarded) {
  Verdict verdict{.component = suspect.component,
                  .level = suspect.real ? VerdictLevel::kReal : VerdictLevel::kLocal,
                  .leg = LegOf(suspect, situation),
                  .confidence = suspect.confidence,
                  .alternatives = suspect.alternatives};
  std::map<FailureClass, int> classes;
  std::map<std::string, int> providers;
  std::set<std::string> targets;
  for (const size_t i : suspect.failures) {
    const Event& event = situation.events[i];
    ++classes[event.record->klass];
    ++providers[event.cell->provider];
    if (targets.size() < kMaxTargets) targets.insert(event.cell->target);
  }
  verdict.klass = MostFrequent(classes);
  const Kind kind = KindOf(suspect.component.kind);
  if (suspect.real || kind == Kind::kPath || kind == Kind::kListed) {
    verdict.provider = MostFrequent(providers);
  }
  verdict.targets = {targets.begin(), targets.end()};
  verdict.scope = ScopeOf(suspect, situation, evidence, witness);
  verdict.evidence = EvidenceOf(suspect, situation);
  const auto attempts =
      static_cast<double>(suspect.failures.size()) + static_cast<double>(suspect.passes);
  verdict.failing_share = static_cast<double>(suspect.failures.size()) / std::max(attempts, 1.0);
  if (guarded) verdict.confidence = std::min(verdict.confidence, kSingleVantageConfidence);
  const Family family = FamilyOf(verdict.klass);
  verdict.mail_loss = LossOf(verdict, family);
  verdict.severity = SeverityOf(verdict, family);
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
