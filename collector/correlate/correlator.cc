#include "collector/correlate/correlator.h"

#include <algorithm>

#include "collector/correlate/assess.h"
#include "collector/correlate/attribution.h"
#include "collector/correlate/confirmation.h"
#include "collector/correlate/decision.h"
#include "collector/correlate/evidence.h"
#include "collector/correlate/explain.h"
#include "collector/correlate/incident_book.h"
#include "collector/correlate/recovery.h"
#include "collector/correlate/situation.h"
#include "collector/correlate/witness.h"

namespace postwatch::collector {
namespace {

// A large situation is thought through less often than every observation.
constexpr size_t kLargeSituation = 300;
constexpr absl::Duration kThinkEvery = absl::Milliseconds(500);
constexpr absl::Duration kThinkOfPassesEvery = absl::Milliseconds(250);
constexpr absl::Duration kExpireEvery = absl::Seconds(10);
constexpr absl::Duration kConditionLasts = absl::Seconds(15);

class StagedCorrelator : public Correlator {
 public:
  explicit StagedCorrelator(CorrelatorOptions options)
      : evidence_(options.evidence_window), witness_(options.agent_silent_after) {}

  void SetPlan(const FleetPlan& plan) override {
    evidence_.SetPlan(plan);
    confirmer_.SetPlan(plan);
  }

  void Restore(std::vector<Incident> open) override { book_.Restore(std::move(open)); }

  void AgentHeard(const Vantage& vantage, absl::Time now) override {
    witness_.Heard(vantage, Advance(now));
  }

  void ForgetAgent(const std::string& agent) override {
    witness_.Forget(agent);
    evidence_.Forget(agent);
  }

  Findings Observe(const Sighting& sighting, absl::Time now) override {
    now = Advance(now);
    witness_.Heard(sighting.vantage, now);
    confirmer_.Answered({sighting.vantage.agent, sighting.observation.check_id});
    const Evidence::Filed filed = evidence_.File(sighting, now);
    if (filed == Evidence::Filed::kIgnored) return {};
    CountNoise(sighting, filed);
    // Passes matter only while something is wrong.
    const bool quiet = size_ == 0 && book_.open().empty();
    if (filed == Evidence::Filed::kPass && (quiet || now - thought_ < kThinkOfPassesEvery))
      return {};
    if (size_ > kLargeSituation && now - thought_ < kThinkEvery) return {};
    return Think(now);
  }

  Findings Tick(absl::Time now) override {
    now = Advance(now);
    if (now - expired_ >= kExpireEvery) {
      evidence_.Expire(now);
      expired_ = now;
    }
    return Think(now);
  }

  std::string MaskReason(const std::string& agent) const override {
    return witness_.MaskReason(agent);
  }

 private:
  absl::Time Advance(absl::Time now) {
    now_ = std::max(now_, now);
    return now_;
  }

  // What an incident explains is no noise.
  void CountNoise(const Sighting& sighting, Evidence::Filed filed) {
    const CellKey cell{sighting.vantage.agent, sighting.observation.check_id};
    if (sighting.leg == Leg::kControl || filed == Evidence::Filed::kAmended) return;
    if (book_.Explains(cell)) return;
    evidence_.CountNoise(cell.agent, filed == Evidence::Filed::kFailure);
  }

  Findings Think(absl::Time now) {
    thought_ = now;
    witness_.Assess(evidence_, now);
    const Situation situation =
        TakeStock(evidence_, witness_, book_.Settled(now), confirmer_.Outstanding(now), now);
    size_ = situation.events.size();
    Findings findings;
    findings.changes = book_.Reconcile(Propose(situation), now);
    CloseWhatIsOver(now, findings);
    std::vector<Confirmation> asked =
        confirmer_.AskAbout(evidence_, witness_, book_.ExplainedCells(), now);
    findings.confirmations.insert(findings.confirmations.end(), asked.begin(), asked.end());
    return findings;
  }

  std::vector<Proposal> Propose(const Situation& situation) const {
    std::vector<Proposal> proposals;
    std::set<ComponentRef> taken;
    for (const FleetCondition& condition : witness_.conditions()) {
      const bool fresh = situation.now - condition.since < kConditionLasts;
      if (fresh && condition.level == VerdictLevel::kLocal) continue;
      proposals.push_back({.verdict = MakeVerdict(condition, witness_),
                           .started = condition.since,
                           .of_fleet = true});
      taken.insert(condition.component);
    }
    for (const Suspect& suspect :
         Attribute(situation, evidence_.components(), book_.Known(situation.now))) {
      if (taken.contains(suspect.component)) continue;
      const Decision decision = Decide(suspect, situation, witness_);
      if (decision == Decision::kWait && !IsOpen(suspect)) continue;
      proposals.push_back(MakeProposal(suspect, situation, decision));
    }
    return proposals;
  }

  bool IsOpen(const Suspect& suspect) const {
    return std::ranges::any_of(book_.open(), [&](const auto& entry) {
      const Verdict& verdict = entry.second.incident.verdict;
      const bool real = verdict.level == VerdictLevel::kReal;
      return verdict.component == suspect.component && real == suspect.real;
    });
  }

  Proposal MakeProposal(const Suspect& suspect, const Situation& situation,
                        Decision decision) const {
    const bool guarded = suspect.real && situation.fleet.IsSingleVantage();
    Proposal proposal{
        .verdict = MakeVerdict(suspect, situation, evidence_, witness_, guarded),
        .started = suspect.since,
        .alerting = decision == Decision::kOpenReal || decision == Decision::kOpenGuarded,
        .also = suspect.also};
    Verdict& verdict = proposal.verdict;
    verdict.explanation = Explain(verdict, suspect.since, guarded, suspect.also);
    for (Alternative& rival : verdict.alternatives) {
      rival.deciding = DecidingObservation(verdict, rival.component);
    }
    for (const size_t i : suspect.failures) {
      const Event& event = situation.events[i];
      proposal.cells.insert(event.cell->key);
      proposal.newest = std::max(proposal.newest, event.record->ended);
    }
    return proposal;
  }

  void CloseWhatIsOver(absl::Time now, Findings& findings) {
    std::vector<std::string> ids;
    for (const auto& [id, open] : book_.open()) ids.push_back(id);
    for (const std::string& id : ids) {
      const Recovery recovery = JudgeRecovery(book_.open().at(id), evidence_, witness_, now);
      if (recovery.over) {
        findings.changes.push_back(book_.Resolve(id, recovery.ended, recovery.why, now));
        continue;
      }
      for (Confirmation& ask : confirmer_.AskWhetherOver(id, recovery.ask, now)) {
        findings.confirmations.push_back(std::move(ask));
      }
    }
  }

  Evidence evidence_;
  Witness witness_;
  Confirmer confirmer_;
  IncidentBook book_;
  absl::Time now_ = absl::InfinitePast();
  absl::Time thought_ = absl::InfinitePast();
  absl::Time expired_ = absl::InfinitePast();
  size_t size_ = 0;  // events of the last situation
};

}  // namespace

std::unique_ptr<Correlator> MakeCorrelator(CorrelatorOptions options) {
  return std::make_unique<StagedCorrelator>(options);
}

}  // namespace postwatch::collector
