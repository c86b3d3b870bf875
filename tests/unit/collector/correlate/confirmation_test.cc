#include "collector/correlate/confirmation.h"

#include <gtest/gtest.h>

#include "tests/unit/collector/correlate/scene.h"

namespace postwatch::collector {
namespace {

CheckSpec MakeCheck(const std::string& kind, Leg leg) {
  return {.id = Concat("alpha/", kind),
          .kind = kind,
          .target = "alpha",
          .provider = "alpha",
          .leg = leg,
          .interval = absl::Seconds(60)};
}

FleetPlan MakePlan() {
  return {{{.id = "witness", .kind = "witness", .leg = Leg::kControl},
           MakeCheck("dns.mx", Leg::kDns),
           MakeCheck("imap.access", Leg::kAccess),
           MakeCheck("roundtrip", Leg::kDelivery),
           MakeCheck("smtp.mx", Leg::kInbound)}};
}

const std::vector<std::string> kAgents = {"eu-1", "eu-2", "us-1", "us-2", "ap-1"};

class ConfirmationTest : public ::testing::Test {
 protected:
  ConfirmationTest() : s_(MakePlan()) {
    confirmer_.SetPlan(MakePlan());
    for (const std::string& agent : kAgents) s_.Meet(agent, 0);
  }

  FailureId Fails(double second, const std::string& agent,
                  FailureClass klass = FailureClass::kTcpRefused) {
    return s_.Fails({.ended = second, .agent = agent, .check = "alpha/imap.access"}, klass);
  }

  std::vector<Confirmation> Ask(double second, bool explained = false) {
    return confirmer_.AskAbout(s_.At(second), [=](const Reading&) { return explained; });
  }

  Scene s_;
  Confirmer confirmer_;
};

TEST_F(ConfirmationTest, AsksTheAgentItselfAndTheMostDifferentOthers) {
  Fails(10, "eu-1");
  const std::vector<Confirmation> asked = Ask(10);
  ASSERT_EQ(asked.size(), 1u);
  EXPECT_EQ(asked[0].agents, (std::vector<std::string>{"eu-1", "ap-1", "us-1", "eu-2"}));
  EXPECT_EQ(asked[0].reason, "alpha/imap.access fails at eu-1 (tcp_refused)");
}

TEST_F(ConfirmationTest, AsksForTheCheckItsSiblingsAndTheWitnessButForNoLetters) {
  Fails(10, "eu-1");
  EXPECT_EQ(Ask(10).at(0).check_ids, (std::vector<std::string>{"alpha/imap.access", "alpha/dns.mx",
                                                               "alpha/smtp.mx", "witness"}));
}

TEST_F(ConfirmationTest, AsksForACheckOnceInTwentySeconds) {
  Fails(10, "eu-1");
  EXPECT_EQ(Ask(10).size(), 1u);
  Fails(12, "us-1");
  EXPECT_TRUE(Ask(12).empty());
  EXPECT_TRUE(Ask(29).empty());
  EXPECT_EQ(Ask(30).size(), 1u);
}

TEST_F(ConfirmationTest, LooksASecondTimeThreeSecondsLater) {
  Fails(10, "eu-1");
  const std::vector<std::string> first = Ask(10).at(0).check_ids;
  EXPECT_TRUE(Ask(12.5).empty());
  const std::vector<Confirmation> again = Ask(13);
  ASSERT_EQ(again.size(), 1u);
  EXPECT_EQ(again[0].check_ids, first);
  EXPECT_TRUE(Ask(17).empty());
}

TEST_F(ConfirmationTest, NoSecondLookAtAFailureThatNamesItsCause) {
  Fails(10, "eu-1", FailureClass::kTlsCertExpired);
  EXPECT_EQ(Ask(10).size(), 1u);
  EXPECT_TRUE(Ask(13).empty());
}

TEST_F(ConfirmationTest, DoesNotAskForEver) {
  size_t asked = 0;
  for (double second = 10; second < 1000; second += 10) {
    Fails(second, "eu-1");
    asked += Ask(second).size();
  }
  EXPECT_GE(asked, 5u);
  EXPECT_LE(asked, 35u);
}

TEST_F(ConfirmationTest, TheWholeFleetIsAskedABoundedNumberOfTimes) {
  Scene s;
  Confirmer confirmer;
  for (int i = 0; i < 50; ++i) {
    s.Fails({.ended = 10, .check = Concat("alpha/check-", i)}, FailureClass::kTcpRefused);
  }
  const auto explained = [](const Reading&) { return false; };
  EXPECT_EQ(confirmer.AskAbout(s.At(10), explained).size(), 10u);
  EXPECT_TRUE(confirmer.AskAbout(s.At(12), explained).empty());
}

TEST_F(ConfirmationTest, WhatIsExplainedSettledOrOverNeedsNoQuestions) {
  const FailureId failure = Fails(10, "eu-1");
  EXPECT_TRUE(Ask(10, true).empty());
  s_.log.At(failure).settled = true;
  EXPECT_TRUE(Ask(10).empty());
  s_.log.At(failure).settled = false;
  s_.Passes({.ended = 11, .agent = "eu-1", .check = "alpha/imap.access"});
  EXPECT_TRUE(Ask(11).empty());
}

TEST_F(ConfirmationTest, MaskedAgentsAreNotAsked) {
  for (const char* agent : {"eu-2", "us-1", "ap-1"}) {
    s_.witness.Take(agent, {.began = ToTime(8),
                            .ended = ToTime(9),
                            .failed = true,
                            .klass = FailureClass::kAgentNoNetwork,
                            .interval = absl::Seconds(60)});
  }
  Fails(10, "eu-1");
  EXPECT_EQ(Ask(10).at(0).agents, (std::vector<std::string>{"eu-1", "us-2"}));
}

TEST_F(ConfirmationTest, AsksThoseWhoSawTheFaultWhetherItIsOver) {
  std::set<CellId> cells;
  for (const char* agent : {"eu-1", "us-1"}) {
    cells.insert(s_.log.At(Fails(10, agent)).reading.cell);
  }
  const auto ask = [&](double second) {
    return confirmer_.AskWhetherOver("inc-1", cells, s_.At(second));
  };
  const std::vector<Confirmation> asked = ask(10);
  ASSERT_EQ(asked.size(), 1u);
  EXPECT_EQ(asked[0].agents, (std::vector<std::string>{"eu-1", "us-1"}));
  EXPECT_EQ(asked[0].check_ids, (std::vector<std::string>{"alpha/imap.access"}));
  EXPECT_TRUE(ask(15).empty());
  EXPECT_EQ(ask(21).size(), 1u);
}

}  // namespace
}  // namespace postwatch::collector
