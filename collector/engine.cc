#include "collector/engine.h"

#include <algorithm>

#include "common/base/ids.h"
#include "common/base/log.h"
#include "common/base/text.h"

namespace postwatch::collector {
namespace {

// The correlator lives in the time at which sightings came in; they reach it once they are stored.
// Its clock waits that long for them, so that it thinks of things in their order, as in a replay.
constexpr absl::Duration kCommitTakes = absl::Seconds(1);

}  // namespace

Engine::Engine(std::unique_ptr<Correlator> correlator, AlertPipeline alerts, const Clock& clock,
               EngineOutput& output)
    : correlator_(std::move(correlator)),
      alerts_(std::move(alerts)),
      clock_(clock),
      output_(output) {}

void Engine::SetPlan(const FleetPlan& plan) {
  correlator_->SetPlan(plan);
  keeper_.SetPlan(plan);
  plan_ = plan;
}

void Engine::Restore(EngineState state) {
  for (const Incident& incident : state.open) open_[incident.id] = incident;
  alerts_.Restore(state.last_alerts);
  // What led to an earlier outbreak of an incident was told then, maybe under another name.
  absl::Time settled = absl::InfinitePast();
  for (const auto* incidents : {&state.open, &state.recently_resolved}) {
    for (const Incident& incident : *incidents) {
      settled = std::max(settled, incident.reopened.value_or(absl::InfinitePast()));
    }
  }
  correlator_->Restore(std::move(state.open), std::move(state.recently_resolved));
  // The correlator's time never goes back: agents are introduced before the first sighting.
  const absl::Time begin = state.recent.empty() ? clock_.Now() : state.recent.front().received;
  for (AgentRecord& agent : state.agents) {
    agent.connected = false;
    keeper_.UpdateAgent(agent);
    correlator_->AgentHeard(agent.vantage, begin);
  }
  for (const Sighting& sighting : state.earlier) {
    if (keeper_.FindAgent(sighting.vantage.agent) != nullptr) keeper_.Observe(sighting);
  }
  for (const Sighting& sighting : state.recent) {
    if (keeper_.FindAgent(sighting.vantage.agent) == nullptr) continue;
    keeper_.Observe(sighting);
    if (sighting.received > settled) correlator_->Recall(sighting);
  }
  // The collector was away, not the agents: nobody counts as silent before he had time to come
  // back.
  for (const AgentRecord& agent : state.agents) {
    correlator_->AgentHeard(agent.vantage, clock_.Now());
  }
}

void Engine::AgentChanged(const AgentRecord& agent) {
  keeper_.UpdateAgent(agent);
  if (agent.connected) correlator_->AgentHeard(agent.vantage, clock_.Now() - kCommitTakes);
}

void Engine::ForgetAgent(const std::string& agent) {
  keeper_.ForgetAgent(agent);
  correlator_->ForgetAgent(agent);
}

void Engine::Observed(const std::vector<Sighting>& sightings) {
  const absl::Time now = clock_.Now();
  for (const Sighting& sighting : sightings) {
    ++counters_.sightings;
    keeper_.Observe(sighting);
    CarryOut(correlator_->Observe(sighting, sighting.received), now);
  }
}

void Engine::Tick() {
  const absl::Time now = clock_.Now();
  CarryOut(correlator_->Tick(now - kCommitTakes), now);
  Decision reminders{.deliveries = alerts_.Tick(now)};
  counters_.alerts += reminders.deliveries.size();
  if (!reminders.deliveries.empty()) output_.Carry(std::move(reminders));
}

void Engine::CarryOut(Findings findings, absl::Time now) {
  Decision decision;
  for (const IncidentChange& change : findings.changes) {
    Remember(change.incident);
    if (change.kind == ChangeKind::kOpened) ++counters_.incidents_opened;
    Log(LogLevel::kInfo, Concat("incident ", ChangeKindName(change.kind)),
        {{"incident", change.incident.id},
         {"component", change.incident.verdict.component.Text()},
         {"class", std::string(FailureClassName(change.incident.verdict.klass))},
         {"level", std::string(VerdictLevelName(change.incident.verdict.level))},
         {"alerting", change.incident.alerting ? "true" : "false"},
         {"why", change.incident.verdict.explanation}});
    decision.incidents.push_back(change.incident);
    for (Delivery& delivery : alerts_.Decide(change, now)) {
      ++counters_.alerts;
      decision.deliveries.push_back(std::move(delivery));
    }
  }
  if (!decision.incidents.empty()) output_.Carry(std::move(decision));
  for (const Confirmation& confirmation : findings.confirmations) {
    const std::string id = Concat("confirm-", next_request_++);
    for (const std::string& agent : confirmation.agents) {
      ++counters_.confirmations;
      output_.RequestRun(agent, id, confirmation.check_ids);
    }
  }
}

void Engine::Remember(const Incident& incident) {
  if (incident.state == IncidentState::kOpen) {
    open_[incident.id] = incident;
  } else {
    open_.erase(incident.id);
  }
}

Board Engine::Current() const {
  std::vector<Incident> open;
  open.reserve(open_.size());
  for (const auto& [id, incident] : open_) open.push_back(incident);
  std::ranges::sort(open, std::ranges::greater(), &Incident::opened);
  return keeper_.Snapshot(clock_.Now(), open, [this](const std::string& agent) {
    return correlator_->MaskReason(agent);
  });
}

FindingList Engine::CurrentFindings() const {
  return keeper_.Findings(
      clock_.Now(), [this](const std::string& agent) { return correlator_->MaskReason(agent); });
}

}  // namespace postwatch::collector
