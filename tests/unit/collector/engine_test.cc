#include "collector/engine.h"

#include <gtest/gtest.h>

#include <deque>

#include "common/base/text.h"
#include "tests/support/fake_clock.h"
#include "tests/support/incident_samples.h"

namespace postwatch::collector {
namespace {

using Words = std::vector<std::string>;

std::string Clock5(absl::Time time) {
  return absl::FormatTime("%H:%M:%S", time, absl::UTCTimeZone());
}

// Writes down what it is asked and answers from a script.
class ScriptedCorrelator : public Correlator {
 public:
  explicit ScriptedCorrelator(Words& log) : log_(log) {}

  void SetPlan(const FleetPlan& plan) override { Say(Concat("plan ", plan.checks.size())); }
  void Restore(std::vector<Incident> open, std::vector<Incident> resolved) override {
    for (const Incident& incident : open) Say(Concat("restore ", incident.id));
    for (const Incident& incident : resolved) Say(Concat("restore resolved ", incident.id));
  }
  void Recall(const Sighting& sighting) override {
    Say(Concat("recall ", sighting.observation.id));
  }
  void AgentHeard(const Vantage& vantage, absl::Time now) override {
    Say(Concat("heard ", vantage.agent, " ", Clock5(now)));
  }
  void ForgetAgent(const std::string& agent) override { Say(Concat("forget ", agent)); }
  Findings Observe(const Sighting& sighting, absl::Time now) override {
    Say(Concat("observe ", sighting.observation.id, " ", Clock5(now)));
    return Next();
  }
  Findings Tick(absl::Time now) override {
    Say(Concat("tick ", Clock5(now)));
    return Next();
  }
  std::string MaskReason(const std::string& agent) const override {
    return agent == "eu-2" ? "silent" : "";
  }

  std::deque<Findings> script;  // one a call; nothing when it is empty

 private:
  void Say(std::string text) { log_.push_back(std::move(text)); }
  Findings Next() {
    if (script.empty()) return {};
    Findings findings = std::move(script.front());
    script.pop_front();
    return findings;
  }

  Words& log_;
};

class RecordingOutput : public EngineOutput {
 public:
  explicit RecordingOutput(Words& log) : log_(log) {}

  void Carry(Decision decision) override {
    Words parts = {"carry"};
    for (const Incident& incident : decision.incidents) parts.push_back(incident.id);
    for (const Delivery& delivery : decision.deliveries) {
      parts.push_back(Concat(delivery.id, " ", AlertEventName(delivery.alert.event)));
    }
    log_.push_back(Join(parts, ", "));
  }
  void RequestRun(const std::string& agent, const std::string& request_id,
                  const Words& check_ids) override {
    log_.push_back(Concat("run ", request_id, " on ", agent, ": ", Join(check_ids, ", ")));
  }

 private:
  Words& log_;
};

Sighting SightingOf(const std::string& id, absl::Time received) {
  Sighting sighting;
  sighting.observation.id = id;
  sighting.observation.check_id = "alpha.test/imap.access";
  sighting.vantage.agent = "eu-1";
  sighting.received = received;
  sighting.observation.started = received;
  return sighting;
}

AgentRecord AgentOf(const std::string& name, absl::Time last_heard) {
  AgentRecord agent;
  agent.vantage.agent = name;
  agent.vantage.region = "eu";
  agent.connected = true;
  agent.last_heard = last_heard;
  return agent;
}

class EngineTest : public testing::Test {
 protected:
  EngineTest() {
    auto owned = std::make_unique<ScriptedCorrelator>(log);
    correlator = owned.get();
    engine = std::make_unique<Engine>(std::move(owned), AlertPipeline({.sinks = {"chat"}}), clock,
                                      output);
  }

  static Findings Opened(Incident incident = AccessOutage()) {
    return {.changes = {{ChangeKind::kOpened, std::move(incident)}}};
  }
  static Findings Ask(Words agents) {
    return {.confirmations = {{std::move(agents), {"alpha.test/imap.access", "witness"}, ""}}};
  }

  Words TakeLog() { return std::exchange(log, {}); }
  Words OpenIds() const {
    Words ids;
    for (const Incident& incident : engine->Current().open) ids.push_back(incident.id);
    return ids;
  }

  FakeClock clock;
  Words log;
  RecordingOutput output{log};
  ScriptedCorrelator* correlator;
  std::unique_ptr<Engine> engine;
};

TEST_F(EngineTest, ThinksInOrderAndCarriesOutAtOnce) {
  correlator->script = {{}, Opened(), Ask({"eu-1", "us-1"})};
  engine->Observed({SightingOf("a", Noon()), SightingOf("b", Noon()), SightingOf("c", Noon())});
  EXPECT_EQ(TakeLog(),
            (Words{"observe a 12:00:00", "observe b 12:00:00",
                   "carry, inc-0123456789ab, inc-0123456789ab/1/chat opened", "observe c 12:00:00",
                   "run confirm-1 on eu-1: alpha.test/imap.access, witness",
                   "run confirm-1 on us-1: alpha.test/imap.access, witness"}));
  EXPECT_EQ(OpenIds(), Words{"inc-0123456789ab"});
  EXPECT_EQ(engine->counters().sightings, 3u);
  EXPECT_EQ(engine->counters().incidents_opened, 1u);
  EXPECT_EQ(engine->counters().alerts, 1u);
  EXPECT_EQ(engine->counters().confirmations, 2u);
}

TEST_F(EngineTest, TheDecisionIsCarriedBeforeItsConfirmationsAreAskedFor) {
  Findings both = Opened();
  both.confirmations = Ask({"eu-1"}).confirmations;
  correlator->script = {both, Ask({"eu-1"})};
  engine->Observed({SightingOf("a", Noon()), SightingOf("b", Noon())});
  EXPECT_EQ(TakeLog(),
            (Words{"observe a 12:00:00", "carry, inc-0123456789ab, inc-0123456789ab/1/chat opened",
                   "run confirm-1 on eu-1: alpha.test/imap.access, witness", "observe b 12:00:00",
                   "run confirm-2 on eu-1: alpha.test/imap.access, witness"}));
}

TEST_F(EngineTest, AnIncidentOfNobodysBusinessIsStoredButNotSent) {
  Incident local = AccessOutage();
  local.alerting = false;
  correlator->script = {Opened(local)};
  engine->Observed({SightingOf("a", Noon())});
  EXPECT_EQ(TakeLog(), (Words{"observe a 12:00:00", "carry, inc-0123456789ab"}));
  EXPECT_EQ(engine->counters().alerts, 0u);
}

TEST_F(EngineTest, ChangesOfOneSightingAreOneDecision) {
  Incident other = AccessOutage();
  other.id = "inc-ffffffffffff";
  Findings two = Opened();
  two.changes.push_back({ChangeKind::kUpdated, other});
  correlator->script = {two};
  engine->Observed({SightingOf("a", Noon())});
  EXPECT_EQ(TakeLog().back(),
            "carry, inc-0123456789ab, inc-ffffffffffff, inc-0123456789ab/1/chat opened, "
            "inc-ffffffffffff/1/chat opened");
  EXPECT_EQ(engine->counters().incidents_opened, 1u);
}

// The correlator lives a second behind, in the time in which sightings came in.
TEST_F(EngineTest, ATickResolvesAndReminds) {
  Incident other = AccessOutage();
  other.id = "inc-ffffffffffff";
  other.opened += absl::Minutes(1);
  correlator->script = {
      Opened(), Opened(other), {.changes = {{ChangeKind::kResolved, ResolvedOutage()}}}};
  engine->Observed({SightingOf("a", Noon()), SightingOf("b", Noon())});
  EXPECT_EQ(OpenIds(), (Words{"inc-ffffffffffff", "inc-0123456789ab"}));  // the newest first
  TakeLog();
  clock.Advance(absl::Minutes(30));
  engine->Tick();
  EXPECT_EQ(TakeLog(),
            (Words{"tick 12:29:59", "carry, inc-0123456789ab, inc-0123456789ab/2/chat resolved",
                   "carry, inc-ffffffffffff/2/chat reminder"}));
  EXPECT_EQ(OpenIds(), Words{"inc-ffffffffffff"});
  EXPECT_EQ(engine->counters().alerts, 4u);
  engine->Tick();
  EXPECT_EQ(TakeLog(), Words{"tick 12:29:59"});
}

TEST_F(EngineTest, AgentsAreHeardWhileTheyAreThere) {
  AgentRecord agent = AgentOf("eu-1", Noon());
  engine->AgentChanged(agent);
  agent.connected = false;
  clock.Advance(absl::Seconds(5));
  engine->AgentChanged(agent);
  EXPECT_EQ(TakeLog(), Words{"heard eu-1 11:59:59"});
  EXPECT_FALSE(engine->keeper().FindAgent("eu-1")->connected);
}

TEST_F(EngineTest, TheBoardKnowsPlanAgentsMasksAndTime) {
  CheckSpec check;
  check.id = "alpha.test/imap.access";
  check.target = "alpha.test";
  check.leg = Leg::kAccess;
  engine->SetPlan({{check}});
  engine->AgentChanged(AgentOf("eu-2", Noon()));
  Sighting sighting = SightingOf("a", Noon());
  sighting.vantage.agent = "eu-2";
  engine->Observed({sighting});
  const Board board = engine->Current();
  EXPECT_EQ(board.at, Noon());
  ASSERT_EQ(board.targets.size(), 1u);
  EXPECT_EQ(board.targets[0].cells.at(0).state, CellState::kMasked);
  EXPECT_EQ(board.targets[0].cells.at(0).detail, "silent");
  EXPECT_EQ(log.front(), "plan 1");
}

class EngineRestoreTest : public EngineTest {
 protected:
  // Received two minutes, one minute before noon.
  EngineState state{.agents = {AgentOf("eu-1", Noon() - absl::Seconds(90)),
                               AgentOf("us-1", Noon() - absl::Hours(3))},
                    .recent = {SightingOf("a", Noon() - absl::Minutes(2)),
                               SightingOf("b", Noon() - absl::Minutes(1))}};
};

TEST_F(EngineRestoreTest, RecallsTheRecentPastAndForgivesItsOwnAbsence) {
  state.open = {AccessOutage()};
  engine->Restore(state);
  EXPECT_EQ(TakeLog(),
            (Words{"restore inc-0123456789ab", "heard eu-1 11:58:00", "heard us-1 11:58:00",
                   "recall a", "recall b", "heard eu-1 12:00:00", "heard us-1 12:00:00"}));
  EXPECT_EQ(OpenIds(), Words{"inc-0123456789ab"});
  EXPECT_FALSE(engine->Current().agents.at(0).connected);
  EXPECT_EQ(engine->counters().sightings, 0u);
}

TEST_F(EngineRestoreTest, WhatIsTooOldForEvidenceStillShows) {
  state.recent.clear();
  state.earlier = {SightingOf("old", Noon() - absl::Minutes(2))};
  CheckSpec check{.id = "alpha.test/imap.access", .target = "alpha.test", .leg = Leg::kAccess};
  engine->SetPlan({{check}});
  engine->Restore(state);
  EXPECT_EQ(TakeLog(), (Words{"plan 1", "heard eu-1 12:00:00", "heard us-1 12:00:00",
                              "heard eu-1 12:00:00", "heard us-1 12:00:00"}));
  EXPECT_EQ(engine->Current().targets.at(0).cells.at(0).last_seen, Noon() - absl::Minutes(2));
}

TEST_F(EngineRestoreTest, ADecisionThatWasLostIsMadeAtTheNextTick) {
  correlator->script = {Opened()};
  engine->Restore(state);
  EXPECT_EQ(TakeLog(), (Words{"heard eu-1 11:58:00", "heard us-1 11:58:00", "recall a", "recall b",
                              "heard eu-1 12:00:00", "heard us-1 12:00:00"}));
  engine->Tick();
  EXPECT_EQ(TakeLog().back(), "carry, inc-0123456789ab, inc-0123456789ab/1/chat opened");
}

TEST_F(EngineRestoreTest, CountsOfWhatWasToldGoOn) {
  state.open = {AccessOutage()};
  state.last_alerts = {AlertOf(AccessOutage(), AlertEvent::kOpened, 4)};
  engine->Restore(state);
  correlator->script = {{.changes = {{ChangeKind::kResolved, ResolvedOutage()}}}};
  engine->Tick();
  EXPECT_EQ(TakeLog().back(), "carry, inc-0123456789ab, inc-0123456789ab/5/chat resolved");
}

TEST_F(EngineRestoreTest, WhatLedToAnEarlierOutbreakOfAnIncidentIsNotRecalled) {
  Incident over = ResolvedOutage();
  over.reopened = Noon() - absl::Minutes(2);  // as old as the first sighting
  state.recently_resolved = {over};
  engine->Restore(state);
  EXPECT_EQ(TakeLog(), (Words{"restore resolved inc-0123456789ab", "heard eu-1 11:58:00",
                              "heard us-1 11:58:00", "recall b", "heard eu-1 12:00:00",
                              "heard us-1 12:00:00"}));
}

TEST_F(EngineRestoreTest, WhatAForgottenAgentSawIsNotThoughtThroughAgain) {
  state.recent[0].vantage.agent = "ap-1";
  engine->Restore(state);
  EXPECT_EQ(TakeLog(), (Words{"heard eu-1 11:58:00", "heard us-1 11:58:00", "recall b",
                              "heard eu-1 12:00:00", "heard us-1 12:00:00"}));
}

TEST_F(EngineTest, AForgottenAgentIsOffTheBoardAndOutOfTheCorrelator) {
  engine->AgentChanged(AgentOf("eu-1", Noon()));
  engine->AgentChanged(AgentOf("us-1", Noon()));
  TakeLog();
  engine->ForgetAgent("eu-1");
  EXPECT_EQ(TakeLog(), Words{"forget eu-1"});
  ASSERT_EQ(engine->Current().agents.size(), 1u);
  EXPECT_EQ(engine->Current().agents[0].vantage.agent, "us-1");
}

TEST_F(EngineRestoreTest, WithoutAPastItStartsNow) {
  state.recent.clear();
  engine->Restore(state);
  EXPECT_EQ(TakeLog(), (Words{"heard eu-1 12:00:00", "heard us-1 12:00:00", "heard eu-1 12:00:00",
                              "heard us-1 12:00:00"}));
}

}  // namespace
}  // namespace postwatch::collector
