#include "collector/correlate/confirmation.h"

#include <gtest/gtest.h>

#include "common/base/text.h"

namespace postwatch::collector {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(1800000000);

absl::Time At(double second) { return kStart + absl::Seconds(second); }

class ConfirmationTest : public ::testing::Test {
 protected:
  ConfirmationTest() : evidence_(absl::Minutes(10)), witness_(absl::Seconds(30)) {
    plan_.checks = {{.id = "witness", .kind = "witness"},
                    MakeCheck("dns.mx", Leg::kDns),
                    MakeCheck("imap.access", Leg::kAccess),
                    MakeCheck("roundtrip", Leg::kDelivery),
                    MakeCheck("smtp.mx", Leg::kInbound)};
    evidence_.SetPlan(plan_);
    confirmer_.SetPlan(plan_);
    for (const char* name : {"eu-1", "eu-2", "us-1", "us-2", "ap-1"}) {
      const std::string region = std::string(name).substr(0, 2);
      witness_.Heard({.agent = name, .region = region, .network = Concat("as-", region)}, At(0));
    }
  }

  static CheckSpec MakeCheck(const std::string& kind, Leg leg) {
    return {.id = Concat("alpha/", kind),
            .kind = kind,
            .target = "alpha",
            .provider = "alpha",
            .leg = leg};
  }

  void Fails(double second, const std::string& agent, const std::string& check,
             FailureClass klass = FailureClass::kTcpRefused) {
    Sighting sighting{.vantage = *witness_.Find(agent),
                      .provider = "alpha",
                      .leg = Leg::kAccess,
                      .received = At(second)};
    sighting.observation = {.id = Concat(agent, second),
                            .check_id = check,
                            .target = "alpha",
                            .started = At(second),
                            .outcome = Outcome::kFail,
                            .failure = Failure{.klass = klass}};
    evidence_.File(sighting, At(second));
  }

  std::vector<Confirmation> Ask(double second) {
    witness_.Assess(evidence_, At(second));
    return confirmer_.AskAbout(evidence_, witness_, {}, At(second));
  }

  FleetPlan plan_;
  Evidence evidence_;
  Witness witness_;
  Confirmer confirmer_;
};

TEST_F(ConfirmationTest, AsksTheAgentItselfAndTheMostDifferentOthers) {
  Fails(10, "eu-1", "alpha/imap.access");
  const std::vector<Confirmation> asked = Ask(10);
  ASSERT_EQ(asked.size(), 1u);
  EXPECT_EQ(asked[0].agents, (std::vector<std::string>{"eu-1", "ap-1", "us-1", "eu-2"}));
  EXPECT_EQ(asked[0].reason, "alpha/imap.access fails at eu-1 (tcp_refused)");
}

TEST_F(ConfirmationTest, AsksForTheCheckItsSiblingsAndTheWitnessButForNoLetters) {
  Fails(10, "eu-1", "alpha/imap.access");
  EXPECT_EQ(Ask(10).at(0).check_ids, (std::vector<std::string>{"alpha/imap.access", "alpha/dns.mx",
                                                               "alpha/smtp.mx", "witness"}));
}

TEST_F(ConfirmationTest, AsksForACheckOnceInTwentySeconds) {
  Fails(10, "eu-1", "alpha/imap.access");
  EXPECT_EQ(Ask(10).size(), 1u);
  Fails(12, "us-1", "alpha/imap.access");
  EXPECT_TRUE(Ask(12).empty());
  EXPECT_TRUE(Ask(29).empty());
  EXPECT_EQ(Ask(30).size(), 1u);
}

TEST_F(ConfirmationTest, LooksASecondTimeThreeSecondsLater) {
  Fails(10, "eu-1", "alpha/imap.access");
  const std::vector<std::string> first = Ask(10).at(0).check_ids;
  EXPECT_TRUE(Ask(12.5).empty());
  const std::vector<Confirmation> again = Ask(13);
  ASSERT_EQ(again.size(), 1u);
  EXPECT_EQ(again[0].check_ids, first);
  EXPECT_TRUE(Ask(17).empty());
}

TEST_F(ConfirmationTest, NoSecondLookAtAFailureThatNamesItsCause) {
  Fails(10, "eu-1", "alpha/imap.access", FailureClass::kTlsCertExpired);
  EXPECT_EQ(Ask(10).size(), 1u);
  EXPECT_TRUE(Ask(13).empty());
}

TEST_F(ConfirmationTest, DoesNotAskForEver) {
  size_t asked = 0;
  for (double second = 10; second < 1000; second += 10) {
    Fails(second, "eu-1", "alpha/imap.access");
    for (const char* agent : {"eu-1", "eu-2", "us-1", "us-2", "ap-1"}) {
      witness_.Heard(*witness_.Find(agent), At(second));
    }
    asked += Ask(second).size();
  }
  EXPECT_GE(asked, 5u);
  EXPECT_LE(asked, 35u);
}

TEST_F(ConfirmationTest, KnowsWhatIsNotAnsweredYet) {
  Fails(10, "eu-1", "alpha/imap.access");
  Ask(10);
  EXPECT_TRUE(confirmer_.Outstanding(At(11)).contains({"us-1", "alpha/imap.access"}));
  confirmer_.Answered({"us-1", "alpha/imap.access"});
  EXPECT_FALSE(confirmer_.Outstanding(At(11)).contains({"us-1", "alpha/imap.access"}));
  EXPECT_TRUE(confirmer_.Outstanding(At(14)).empty());
}

TEST_F(ConfirmationTest, SilentAgentsAreNotAsked) {
  Fails(10, "eu-1", "alpha/imap.access");
  for (const char* agent : {"eu-1", "us-2"}) witness_.Heard(*witness_.Find(agent), At(40));
  Fails(40, "eu-1", "alpha/imap.access");
  EXPECT_EQ(Ask(40).at(0).agents, (std::vector<std::string>{"eu-1", "us-2"}));
}

TEST_F(ConfirmationTest, AsksThoseWhoSawTheFaultWhetherItIsOver) {
  const std::set<CellKey> cells = {{"eu-1", "alpha/imap.access"}, {"us-1", "alpha/imap.access"}};
  const std::vector<Confirmation> asked = confirmer_.AskWhetherOver("inc-1", cells, At(10));
  ASSERT_EQ(asked.size(), 1u);
  EXPECT_EQ(asked[0].agents, (std::vector<std::string>{"eu-1", "us-1"}));
  EXPECT_EQ(asked[0].check_ids, (std::vector<std::string>{"alpha/imap.access"}));
  EXPECT_TRUE(confirmer_.AskWhetherOver("inc-1", cells, At(15)).empty());
  EXPECT_EQ(confirmer_.AskWhetherOver("inc-1", cells, At(21)).size(), 1u);
}

}  // namespace
}  // namespace postwatch::collector
