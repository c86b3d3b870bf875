#include "collector/board_keeper.h"

#include <gtest/gtest.h>

#include "tests/support/incident_samples.h"

namespace postwatch::collector {
namespace {

using Names = std::vector<std::string>;

CheckSpec Check(const std::string& target, const std::string& kind, Leg leg = Leg::kInbound) {
  CheckSpec check;
  check.id = leg == Leg::kControl ? kind : target + "/" + kind;
  check.kind = kind;
  check.target = target;
  check.provider = "own";
  check.leg = leg;
  check.interval = absl::Seconds(60);
  check.timeout = absl::Seconds(20);
  return check;
}

AgentRecord Agent(const std::string& name, const std::string& region) {
  AgentRecord agent;
  agent.vantage.agent = name;
  agent.vantage.region = region;
  agent.connected = true;
  return agent;
}

class BoardKeeperTest : public testing::Test {
 protected:
  BoardKeeperTest() {
    keeper.SetPlan({{Check("alpha.test", "smtp.mx"), Check("", "witness", Leg::kControl)}});
    keeper.UpdateAgent(Agent("eu-1", "eu"));
    keeper.UpdateAgent(Agent("eu-2", "eu"));
    keeper.UpdateAgent(Agent("us-1", "us"));
  }

  // A run of `agent` that ended, and was received, `ago` before noon.
  static Sighting Seen(const std::string& agent, Outcome outcome,
                       absl::Duration ago = absl::ZeroDuration()) {
    Sighting sighting;
    sighting.vantage.agent = agent;
    sighting.received = Noon() - ago;
    Observation& run = sighting.observation;
    run.check_id = "alpha.test/smtp.mx";
    run.took = absl::Seconds(2);
    run.started = sighting.received - run.took;
    run.outcome = outcome;
    if (outcome == Outcome::kFail) {
      run.failure = Failure{.klass = FailureClass::kTcpRefused, .detail = agent + " was refused"};
    } else if (outcome == Outcome::kNotTested) {
      run.not_tested_reason = agent + " has no IPv6";
    }
    return sighting;
  }

  Board At(absl::Time now) const {
    return keeper.Snapshot(now, {}, [this](const std::string& agent) {
      const auto it = masks.find(agent);
      return it == masks.end() ? "" : it->second;
    });
  }

  // The cell of the one target in eu.
  Cell Eu(absl::Duration after_noon = absl::ZeroDuration()) const {
    return At(Noon() + after_noon).targets.at(0).cells.at(0);
  }

  BoardKeeper keeper;
  std::map<std::string, std::string> masks;
};

TEST_F(BoardKeeperTest, ShowsEveryCheckOfEveryTargetInEveryRegionButNoControlChecks) {
  keeper.SetPlan({{Check("beta.test", "smtp.mx"), Check("alpha.test", "smtp.mx"),
                   Check("alpha.test", "dns.mx"), Check("", "witness", Leg::kControl)}});
  const Board board = keeper.Snapshot(Noon(), {AccessOutage()}, [](auto&) { return ""; });
  EXPECT_EQ(board.at, Noon());
  EXPECT_EQ(board.regions, (Names{"eu", "us"}));
  Names agents, cells;
  for (const AgentRecord& agent : board.agents) agents.push_back(agent.vantage.agent);
  EXPECT_EQ(agents, (Names{"eu-1", "eu-2", "us-1"}));
  for (const TargetRow& row : board.targets) {
    EXPECT_EQ(row.provider, "own");
    for (const Cell& cell : row.cells) {
      cells.push_back(row.target + " " + cell.kind + " " + cell.check_id + " " + cell.region);
    }
  }
  EXPECT_EQ(
      cells,
      (Names{"alpha.test dns.mx alpha.test/dns.mx eu", "alpha.test dns.mx alpha.test/dns.mx us",
             "alpha.test smtp.mx alpha.test/smtp.mx eu", "alpha.test smtp.mx alpha.test/smtp.mx us",
             "beta.test smtp.mx beta.test/smtp.mx eu", "beta.test smtp.mx beta.test/smtp.mx us"}));
  ASSERT_EQ(board.open.size(), 1u);
  EXPECT_EQ(board.open[0], AccessOutage());
}

TEST_F(BoardKeeperTest, NothingSeenIsUnknown) {
  EXPECT_EQ(Eu().state, CellState::kUnknown);
  EXPECT_EQ(Eu().last_seen, absl::InfinitePast());
  EXPECT_EQ(Eu().detail, "");
}

TEST_F(BoardKeeperTest, HealthyCountsItsAgents) {
  keeper.Observe(Seen("eu-1", Outcome::kPass, absl::Seconds(9)));
  keeper.Observe(Seen("eu-2", Outcome::kPass, absl::Seconds(5)));
  const Cell cell = Eu();
  EXPECT_EQ(cell.state, CellState::kHealthy);
  EXPECT_EQ(cell.agents_healthy, 2);
  EXPECT_EQ(cell.agents_failing, 0);
  EXPECT_EQ(cell.last_seen, Noon() - absl::Seconds(5));
  EXPECT_EQ(At(Noon()).targets[0].cells[1].state, CellState::kUnknown);  // us
}

TEST_F(BoardKeeperTest, OneThatFailsWinsAndTheLatestSpeaks) {
  Sighting late = Seen("eu-1", Outcome::kFail, absl::Seconds(5));
  late.observation.failure->klass = FailureClass::kTcpTimeout;
  keeper.Observe(late);
  keeper.Observe(Seen("eu-2", Outcome::kFail, absl::Seconds(9)));
  keeper.UpdateAgent(Agent("eu-3", "eu"));
  keeper.Observe(Seen("eu-3", Outcome::kPass));
  const Cell cell = Eu();
  EXPECT_EQ(cell.state, CellState::kFailing);
  EXPECT_EQ(cell.failure_class, "tcp_timeout");
  EXPECT_EQ(cell.detail, "eu-1 was refused");
  EXPECT_EQ(cell.agents_failing, 2);
  EXPECT_EQ(cell.agents_healthy, 1);
}

TEST_F(BoardKeeperTest, APassAfterAFailureClearsIt) {
  keeper.Observe(Seen("eu-1", Outcome::kFail, absl::Seconds(60)));
  keeper.Observe(Seen("eu-1", Outcome::kPass));
  EXPECT_EQ(Eu().state, CellState::kHealthy);
  EXPECT_EQ(Eu().failure_class, "");
  EXPECT_EQ(Eu().detail, "");
}

TEST_F(BoardKeeperTest, AMaskedAgentDoesNotCount) {
  keeper.Observe(Seen("eu-1", Outcome::kFail));
  masks["eu-1"] = "witness failing: agent_no_network";
  EXPECT_EQ(Eu().state, CellState::kMasked);
  EXPECT_EQ(Eu().detail, "witness failing: agent_no_network");
  EXPECT_EQ(Eu().agents_failing, 0);
  keeper.Observe(Seen("eu-2", Outcome::kPass));
  EXPECT_EQ(Eu().state, CellState::kHealthy);
  EXPECT_EQ(Eu().detail, "");
}

TEST_F(BoardKeeperTest, AMaskDoesNotHideWhatAnotherSees) {
  keeper.Observe(Seen("eu-1", Outcome::kFail));
  keeper.Observe(Seen("eu-2", Outcome::kPass));
  masks["eu-2"] = "silent";
  EXPECT_EQ(Eu().state, CellState::kFailing);
  EXPECT_EQ(Eu().detail, "eu-1 was refused");
}

TEST_F(BoardKeeperTest, WhatIsOldIsUnknownAndNotHealthy) {
  keeper.Observe(Seen("eu-1", Outcome::kPass));
  const absl::Duration fresh = 3 * absl::Seconds(60) + absl::Seconds(20);
  EXPECT_EQ(Eu(fresh).state, CellState::kHealthy);
  EXPECT_EQ(Eu(fresh + absl::Milliseconds(1)).state, CellState::kUnknown);
  EXPECT_EQ(Eu(fresh + absl::Milliseconds(1)).last_seen, Noon());
}

TEST_F(BoardKeeperTest, NotTestedIsUnknownAndSaysWhy) {
  keeper.Observe(Seen("eu-1", Outcome::kNotTested));
  EXPECT_EQ(Eu().state, CellState::kUnknown);
  EXPECT_EQ(Eu().detail, "eu-1 has no IPv6");
  EXPECT_EQ(Eu().last_seen, Noon());
  keeper.Observe(Seen("eu-2", Outcome::kPass));
  EXPECT_EQ(Eu().state, CellState::kHealthy);
  EXPECT_EQ(Eu().detail, "");
}

TEST_F(BoardKeeperTest, ACheckThatAnAgentRefusesSaysSo) {
  AgentRecord refusing = Agent("eu-2", "eu");
  refusing.problems = {"the spool cannot be written: disk full",
                       "alpha.test/smtp.mx: host: is not a known key", "gone.test/smtp.mx: why"};
  keeper.UpdateAgent(refusing);
  EXPECT_EQ(Eu().state, CellState::kUnknown);
  EXPECT_EQ(Eu().detail, "eu-2 cannot run it: host: is not a known key");
  EXPECT_EQ(At(Noon()).targets[0].cells[1].detail, "");  // us
  keeper.Observe(Seen("eu-1", Outcome::kPass));
  EXPECT_EQ(Eu().state, CellState::kHealthy);
  EXPECT_EQ(Eu().detail, "eu-2 cannot run it: host: is not a known key");
  keeper.Observe(Seen("eu-1", Outcome::kFail));
  EXPECT_EQ(Eu().detail, "eu-1 was refused");
  refusing.connected = false;  // it may have changed its mind since
  keeper.UpdateAgent(refusing);
  keeper.Observe(Seen("eu-1", Outcome::kPass));
  EXPECT_EQ(Eu().detail, "");
}

TEST_F(BoardKeeperTest, AnAgentThatDoesNotKnowAKindSaysSoOnce) {
  keeper.SetPlan({{Check("alpha.test", "smtp.mx"), Check("beta.test", "smtp.mx"),
                   Check("alpha.test", "dns.mx", Leg::kDns), Check("", "witness", Leg::kControl)}});
  AgentRecord old = Agent("eu-2", "eu");
  old.probe_kinds = {"dns.mx"};
  keeper.UpdateAgent(old);
  const Board board = At(Noon());
  EXPECT_EQ(board.cannot_run,
            (std::map<std::string, Names>{{"eu-2", {"smtp.mx", "witness"}}}));  // not of us-1
  ASSERT_EQ(board.targets[0].cells.size(), 4u);
  EXPECT_EQ(board.targets[0].cells[0].detail, "");  // dns.mx
  EXPECT_EQ(board.targets[0].cells[2].detail, "eu-2 does not know this kind of check; update it");
  EXPECT_EQ(board.targets[0].cells[3].detail, "");  // us
  old.connected = false;
  keeper.UpdateAgent(old);
  EXPECT_EQ(At(Noon()).targets[0].cells[2].detail, "");
  EXPECT_EQ(At(Noon()).cannot_run.size(), 1u);
}

TEST_F(BoardKeeperTest, KindsComeInTheOrderInWhichMailBreaks) {
  keeper.SetPlan(
      {{Check("alpha.test", "reg.rdap", Leg::kRegistration),
        Check("alpha.test", "dns.spf", Leg::kDns), Check("alpha.test", "dns.mx", Leg::kDns),
        Check("alpha.test", "smtp.mx"), Check("beta.test", "smtp.mx"),
        Check("", "witness", Leg::kControl), Check("alpha.test", "roundtrip", Leg::kDelivery)}});
  EXPECT_EQ(At(Noon()).kinds, (std::vector<BoardKind>{{"roundtrip", Leg::kDelivery},
                                                      {"smtp.mx", Leg::kInbound},
                                                      {"dns.mx", Leg::kDns},
                                                      {"dns.spf", Leg::kDns},
                                                      {"reg.rdap", Leg::kRegistration}}));
}

TEST_F(BoardKeeperTest, ListsWhatThoseFoundWhoseWordCounts) {
  for (const std::string agent : {"eu-1", "us-1"}) {
    Sighting seen = Seen(agent, Outcome::kPass);
    seen.observation.findings = {{.klass = FailureClass::kTlsNotOffered, .detail = "no STARTTLS"}};
    keeper.Observe(seen);
  }
  const auto mask = [this](const std::string& agent) { return masks[agent]; };
  const absl::Duration fresh = 3 * absl::Seconds(60) + absl::Seconds(20);
  const FindingList both = keeper.Findings(Noon() + fresh, mask);
  ASSERT_EQ(both.findings.size(), 1u);
  EXPECT_EQ(both.findings[0].target, "alpha.test");
  EXPECT_EQ(both.findings[0].words.at(0).regions, (Names{"eu", "us"}));
  EXPECT_TRUE(keeper.Findings(Noon() + fresh + absl::Milliseconds(1), mask).findings.empty());
  masks["us-1"] = "silent";
  EXPECT_EQ(keeper.Findings(Noon(), mask).findings.at(0).words.at(0).regions, (Names{"eu"}));
  keeper.ForgetAgent("eu-1");
  EXPECT_TRUE(keeper.Findings(Noon(), mask).findings.empty());
  masks.clear();
  EXPECT_EQ(keeper.Findings(Noon(), mask).findings.size(), 1u);
  keeper.SetPlan({{Check("beta.test", "smtp.mx")}});
  EXPECT_TRUE(keeper.Findings(Noon(), mask).findings.empty());
}

TEST_F(BoardKeeperTest, ABacklogIsThePast) {
  keeper.Observe(Seen("eu-1", Outcome::kPass, absl::Seconds(10)));
  Sighting old = Seen("eu-1", Outcome::kFail);  // received now
  old.observation.started = Noon() - absl::Minutes(20);
  keeper.Observe(old);
  EXPECT_EQ(Eu().state, CellState::kHealthy);
  old.vantage.agent = "eu-2";  // of whom nothing newer is known
  keeper.Observe(old);
  EXPECT_EQ(Eu().agents_failing, 0);
}

TEST_F(BoardKeeperTest, AClockThatRanAheadDoesNotKeepOutTheTruth) {
  Sighting ahead = Seen("eu-1", Outcome::kPass, absl::Seconds(60));
  ahead.observation.started = Noon() + absl::Hours(24);
  keeper.Observe(ahead);
  EXPECT_EQ(Eu().last_seen, Noon() - absl::Seconds(60));
  keeper.Observe(Seen("eu-1", Outcome::kFail));
  EXPECT_EQ(Eu().state, CellState::kFailing);
}

TEST_F(BoardKeeperTest, AKnownClockOffsetIsTakenOut) {
  AgentRecord behind = Agent("eu-1", "eu");
  behind.clock_offset = -absl::Minutes(10);
  keeper.UpdateAgent(behind);
  Sighting sighting = Seen("eu-1", Outcome::kPass);
  sighting.observation.started -= absl::Minutes(10);
  keeper.Observe(sighting);
  EXPECT_EQ(Eu().state, CellState::kHealthy);
  EXPECT_EQ(Eu().last_seen, Noon());
}

TEST_F(BoardKeeperTest, AmendmentsAndUnplannedChecksDoNotShow) {
  Sighting amends = Seen("eu-1", Outcome::kPass);
  amends.observation.amends = "00000000000000000000000000000001";
  keeper.Observe(amends);
  Sighting other = Seen("eu-1", Outcome::kPass);
  other.observation.check_id = "gone.test/smtp.mx";
  keeper.Observe(other);
  EXPECT_EQ(Eu().state, CellState::kUnknown);
  EXPECT_EQ(At(Noon()).targets.size(), 1u);
}

TEST_F(BoardKeeperTest, ANewPlanForgetsWhatItDoesNotName) {
  keeper.Observe(Seen("eu-1", Outcome::kPass));
  keeper.SetPlan({{Check("beta.test", "smtp.mx")}});
  EXPECT_EQ(At(Noon()).targets.at(0).target, "beta.test");
  keeper.SetPlan({{Check("alpha.test", "smtp.mx")}});
  EXPECT_EQ(Eu().state, CellState::kUnknown);
}

TEST_F(BoardKeeperTest, AnAgentThatMovedSpeaksForItsNewRegion) {
  keeper.Observe(Seen("eu-1", Outcome::kPass));
  keeper.UpdateAgent(Agent("eu-1", "ap"));
  const Board board = At(Noon());
  EXPECT_EQ(board.regions, (Names{"ap", "eu", "us"}));
  EXPECT_EQ(board.targets[0].cells[0].state, CellState::kHealthy);
  EXPECT_EQ(board.targets[0].cells[1].state, CellState::kUnknown);
}

TEST_F(BoardKeeperTest, FindsAgentsByName) {
  ASSERT_NE(keeper.FindAgent("us-1"), nullptr);
  EXPECT_EQ(keeper.FindAgent("us-1")->vantage.region, "us");
  EXPECT_EQ(keeper.FindAgent("us-2"), nullptr);
}

}  // namespace
}  // namespace postwatch::collector
