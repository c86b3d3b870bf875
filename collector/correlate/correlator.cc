#include "collector/correlate/correlator.h"

#include <algorithm>
#include <cmath>

#include "collector/correlate/assess.h"
#include "collector/correlate/attribution.h"
#include "collector/correlate/confirmation.h"
#include "collector/correlate/decision.h"
#include "collector/correlate/evidence.h"
#include "collector/correlate/explain.h"
#include "collector/correlate/incident_book.h"
#include "collector/correlate/noise.h"
#include "collector/correlate/suspicion.h"
#include "collector/correlate/view.h"
#include "collector/correlate/witness.h"

namespace postwatch::collector {
namespace {

// The more there is to think about, the less often it is thought about.
constexpr double kSecondsPerFailure = 0.004, kThinkAtLeastEvery = 3;
constexpr double kThinkOfKnownEvery = 10;  // when all that fails is accounted for
constexpr double kExpireEvery = 30;
constexpr absl::Duration kLongestGap = absl::Hours(1);
constexpr double kNewcomerNoise = 0.3;
constexpr absl::Duration kConditionLasts = absl::Seconds(15);

class StagedCorrelator : public Correlator {
 public:
  explicit StagedCorrelator(CorrelatorOptions options)
      : window_(absl::ToDoubleSeconds(options.evidence_window)),
        evidence_(catalog_, log_),
        suspicions_(catalog_, log_),
        witness_(options.agent_silent_after),
        judge_(options.blip),
        book_(catalog_) {}

  void SetPlan(const FleetPlan& plan) override {
    evidence_.SetPlan(plan);
    confirmer_.SetPlan(plan);
    book_.SetRevision(plan.revision);
  }

  void Restore(std::vector<Incident> open, std::vector<Incident> resolved) override {
    book_.Restore(std::move(open), std::move(resolved));
  }

  void Recall(const Sighting& sighting) override {
    now_ = std::max(now_, sighting.received);
    second_ = absl::FromUnixSeconds(absl::ToUnixSeconds(now_)) + absl::Seconds(1);
    Learn(sighting);
  }

  void AgentHeard(const Vantage& vantage, absl::Time now) override { witness_.Heard(vantage, now); }

  void ForgetAgent(const std::string& agent) override {
    witness_.Forget(agent);
    evidence_.Forget(agent);
    std::vector<FailureId> failures;
    for (FailureId id = log_.begin(); id < log_.end(); ++id) {
      if (catalog_.AgentOf(log_.At(id).reading.agent).name == agent) failures.push_back(id);
    }
    Settle(failures);
  }

  Findings Observe(const Sighting& sighting, absl::Time now) override {
    Findings findings = Advance(now);
    Learn(sighting);
    if (ToSeconds(now_) >= think_at_) Join(Think(), findings);
    return findings;
  }

  Findings Tick(absl::Time now) override { return Advance(now); }

  std::string MaskReason(const std::string& agent) const override {
    return witness_.MaskReason(agent);
  }

 private:
  // Each full second that begins is a time to think, whoever tells that it has: so that the same
  // sightings lead to the same findings, live and in replay.
  Findings Advance(absl::Time now) {
    Findings findings;
    if (now <= now_) return findings;
    if (now - second_ > kLongestGap) second_ = absl::FromUnixSeconds(absl::ToUnixSeconds(now));
    for (; second_ <= now; second_ += absl::Seconds(1)) {
      now_ = std::max(now_, second_);
      Expire();
      Join(Think(), findings);
    }
    now_ = now;
    return findings;
  }

  void Expire() {
    const double seconds = ToSeconds(now_);
    if (seconds - expired_ < kExpireEvery && !log_.IsOverfull()) return;
    expired_ = seconds;
    const FailureId first = log_.Expire(seconds - window_);
    suspicions_.Expire(seconds - window_, first);
  }

  static void Join(Findings more, Findings& findings) {
    std::ranges::move(more.changes, std::back_inserter(findings.changes));
    std::ranges::move(more.confirmations, std::back_inserter(findings.confirmations));
  }

  void Learn(const Sighting& sighting) {
    witness_.Heard(sighting.vantage, now_);
    const Finding finding = evidence_.Read(sighting, ToSeconds(now_) - window_);
    switch (finding.what) {
      case Finding::What::kIgnored:
        break;
      case Finding::What::kAmended:
        suspicions_.Reconsider({finding.amended});
        break;
      case Finding::What::kPass:
        TakePass(sighting, finding.reading);
        break;
      case Finding::What::kFailure:
        TakeFailure(sighting, finding);
        break;
    }
  }

  void TakePass(const Sighting& sighting, const Reading& reading) {
    if (sighting.leg == Leg::kControl) State(sighting, reading);
    noise_.Count(reading.agent, reading.target, false);
    book_.Take(reading);
    suspicions_.TakePass(reading);
  }

  void TakeFailure(const Sighting& sighting, const Finding& finding) {
    const Reading& reading = finding.reading;
    if (finding.of_witness) State(sighting, reading);
    FailureRecord failure = finding.failure;
    failure.settled = book_.IsStraggler(reading);
    const double rate = noise_.RateOf(reading.agent, reading.target);
    failure.noise = rate * NoiseMix(reading.plane, reading.family);
    if (reading.newcomer) failure.noise = std::max(failure.noise, kNewcomerNoise);
    const bool settled = failure.settled;
    const FailureId id = log_.Add(std::move(failure));
    evidence_.Filed(reading.cell, id);
    if (settled) return;
    const bool accounted = book_.Take(reading);
    if (!accounted && !reading.newcomer) noise_.Count(reading.agent, reading.target, true);
    suspicions_.TakeFailure(id);
    unthought_ = true;
    if (accounted) return;
    urgent_ = true;
    const double pause = std::min(
        kThinkAtLeastEvery, kSecondsPerFailure * static_cast<double>(log_.end() - log_.begin()));
    think_at_ = std::max(attributed_ + pause, ToSeconds(now_));
  }

  // A control check speaks about its agent.
  void State(const Sighting& sighting, const Reading& reading) {
    const Observation& seen = sighting.observation;
    witness_.Take(
        sighting.vantage.agent,
        {.began = ToTime(reading.began),
         .ended = ToTime(reading.ended),
         .failed = reading.failed(),
         .klass = seen.failure ? seen.failure->klass : FailureClass::kUnspecified,
         .interval = absl::Seconds(evidence_.CheckOf(evidence_.At(reading.cell)).interval)});
  }

  Findings Think() {
    think_at_ = 1e300;
    witness_.Assess(now_);
    const View view{catalog_, log_, evidence_, suspicions_, witness_, ToSeconds(now_)};
    Findings findings;
    const bool due = unthought_ && (urgent_ || ToSeconds(now_) >= attributed_ + kThinkOfKnownEvery);
    if (due || judge_.has_doubts() || !witness_.conditions().empty()) {
      suspicions_.CatchUp();
      unthought_ = urgent_ = false;
      attributed_ = ToSeconds(now_);
      findings.changes = book_.Reconcile(Propose(view), view);
    }
    for (IncidentChange& change : book_.CloseWhatIsOver(view)) {
      findings.changes.push_back(std::move(change));
    }
    Settle(book_.TakeSettled());
    Ask(view, findings);
    return findings;
  }

  void Settle(const std::vector<FailureId>& failures) {
    for (const FailureId id : failures) log_.At(id).settled = true;
    suspicions_.Reconsider(failures);
  }

  std::vector<Proposal> Propose(const View& view) {
    std::vector<Proposal> proposals;
    std::set<ComponentId> taken;
    for (const FleetCondition& condition : witness_.conditions()) {
      const bool fresh = now_ - condition.since < kConditionLasts;
      if (fresh && condition.level == VerdictLevel::kLocal) continue;
      const ComponentId component = catalog_.Component(condition.component);
      proposals.push_back({.verdict = MakeVerdict(condition, witness_),
                           .component = component,
                           .started = condition.since,
                           .of_fleet = true});
      taken.insert(component);
    }
    const auto excused = [&](const FailureRecord& failure) {
      if (IsPartial(failure.klass)) return true;
      return witness_.Excuses(view.AgentOf(failure.reading).name, view.CheckOf(failure.reading).leg,
                              failure.reading.family, ToTime(failure.reading.ended));
    };
    for (const Suspect& suspect : Attribute(catalog_, suspicions_, book_.Blamed(), excused)) {
      if (taken.contains(suspect.id)) continue;
      const Ruling decision = judge_.Decide(suspect, view);
      if (decision == Ruling::kWait && !book_.IsOpen(catalog_.Ref(suspect.id))) continue;
      if (!suspect.failures.empty()) proposals.push_back(MakeProposal(suspect, view, decision));
    }
    judge_.Adjourn();
    return proposals;
  }

  Proposal MakeProposal(const Suspect& suspect, const View& view, Ruling decision) const {
    const bool guarded = IsReal(suspect.kind) && witness_.Shape().IsSingleVantage();
    Proposal proposal{.verdict = MakeVerdict(suspect, view, guarded),
                      .component = suspect.id,
                      .started = ToTime(suspect.began),
                      .firm = decision != Ruling::kWait,
                      .alerting = decision == Ruling::kOpenReal || decision == Ruling::kOpenGuarded,
                      .guarded = guarded,
                      .share = suspect.fit.share,
                      .failures = suspect.failures};
    for (const FailureId id : suspect.failures) {
      proposal.interval = std::max(proposal.interval, view.CheckOf(log_.At(id).reading).interval);
    }
    std::ranges::sort(proposal.failures);
    Verdict& verdict = proposal.verdict;
    verdict.explanation = Explain(verdict, ToTime(suspect.began), guarded, {});
    for (Alternative& rival : verdict.alternatives) {
      rival.deciding = DecidingObservation(verdict, rival.component);
    }
    return proposal;
  }

  void Ask(const View& view, Findings& findings) {
    const std::set<ComponentId> blamed = book_.Blamed();
    const auto explained = [&](const Reading& reading) {
      return std::ranges::any_of(blamed, [&](ComponentId id) {
        return catalog_.Crosses(reading.route, id) &&
               CanCause(catalog_.KindOf(id), reading.plane, reading.family);
      });
    };
    findings.confirmations = confirmer_.AskAbout(view, explained);
    for (const auto& [id, open] : book_.open()) {
      if (open.of_fleet || !open.recovery.HasSigns()) continue;
      for (Confirmation& ask : confirmer_.AskWhetherOver(id, open.recovery.Unsure(), view)) {
        findings.confirmations.push_back(std::move(ask));
      }
    }
  }

  double window_;  // seconds
  Catalog catalog_;
  FailureLog log_;
  Noise noise_;
  Evidence evidence_;
  Suspicions suspicions_;
  Witness witness_;
  Judge judge_;
  Confirmer confirmer_;
  IncidentBook book_;
  absl::Time now_ = absl::InfinitePast();
  absl::Time second_ = absl::InfinitePast();                // the next one to think at
  double think_at_ = 1e300, attributed_ = 0, expired_ = 0;  // seconds since 1970
  bool unthought_ = false;  // there are failures that were not thought about ...
  bool urgent_ = false;     // ... and that no open incident accounts for
};

}  // namespace

std::unique_ptr<Correlator> MakeCorrelator(CorrelatorOptions options) {
  return std::make_unique<StagedCorrelator>(options);
}

}  // namespace postwatch::collector
