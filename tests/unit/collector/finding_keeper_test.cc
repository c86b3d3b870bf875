#include "collector/finding_keeper.h"

#include <gtest/gtest.h>

#include "tests/support/incident_samples.h"

namespace postwatch::collector {
namespace {

using Names = std::vector<std::string>;

constexpr absl::Duration kFresh = absl::Minutes(30);

class FindingKeeperTest : public testing::Test {
 protected:
  FindingKeeperTest() { Plan("alpha.test", "dns.dmarc", Leg::kDns); }

  void Plan(const std::string& target, const std::string& kind, Leg leg) {
    CheckSpec check{.id = target + "/" + kind, .kind = kind, .target = target, .leg = leg};
    checks[check.id] = check;
  }

  void Run(const std::string& agent, std::vector<Failure> findings,
           Outcome outcome = Outcome::kPass, absl::Time seen = Noon(),
           const std::string& check = "alpha.test/dns.dmarc") {
    Observation run;
    run.check_id = check;
    run.outcome = outcome;
    run.findings = std::move(findings);
    keeper.Observe(run, agent, seen);
  }

  FindingList List(absl::Time now = Noon()) const {
    return keeper.List(
        checks, now, [](const CheckSpec&) { return kFresh; },
        [](const std::string& agent) {
          return agent.starts_with("masked") ? "" : agent.substr(0, agent.find('-'));
        });
  }

  // "class: detail (regions)" of each text.
  Names Told(absl::Time now = Noon()) const {
    Names told;
    for (const BoardFinding& finding : List(now).findings) {
      for (const FindingWords& words : finding.words) {
        std::string line(FailureClassName(finding.klass));
        line += ": " + words.detail + " (";
        for (const std::string& region : words.regions) line += region + " ";
        line.back() = ')';
        told.push_back(line);
      }
    }
    return told;
  }

  FindingKeeper::Checks checks;
  FindingKeeper keeper;
};

Failure Missing(const std::string& detail = "no record") {
  return {.klass = FailureClass::kDmarcMissing, .detail = detail};
}

TEST_F(FindingKeeperTest, WhatSeveralRegionsSeeIsOneFinding) {
  Run("eu-1", {Missing()});
  Run("eu-2", {Missing()});
  Run("us-1", {Missing()}, Outcome::kPass, Noon() + absl::Seconds(5));
  const FindingList list = List(Noon() + absl::Seconds(9));
  ASSERT_EQ(list.findings.size(), 1u);
  const BoardFinding& finding = list.findings[0];
  EXPECT_EQ(finding.target, "alpha.test");
  EXPECT_EQ(finding.check_id, "alpha.test/dns.dmarc");
  EXPECT_EQ(finding.kind, "dns.dmarc");
  EXPECT_EQ(finding.leg, Leg::kDns);
  EXPECT_EQ(finding.klass, FailureClass::kDmarcMissing);
  ASSERT_EQ(finding.words.size(), 1u);
  EXPECT_EQ(finding.words[0].detail, "no record");
  EXPECT_EQ(finding.words[0].regions, (Names{"eu", "us"}));
  EXPECT_EQ(finding.words[0].last_seen, Noon() + absl::Seconds(5));
  EXPECT_TRUE(list.complete);
}

TEST_F(FindingKeeperTest, OtherWordsForTheSameStayOneFinding) {
  Run("eu-1", {Missing("192.0.2.1 has none"), {.klass = FailureClass::kTlsrptMissing}});
  Run("us-1", {Missing("192.0.2.2 has none")});
  EXPECT_EQ(List().findings.size(), 2u);
  EXPECT_EQ(Told(), (Names{"dmarc_missing: 192.0.2.1 has none (eu)",
                           "dmarc_missing: 192.0.2.2 has none (us)", "tlsrpt_missing:  (eu)"}));
}

TEST_F(FindingKeeperTest, APassSaysAllThereIsToSay) {
  Run("eu-1", {Missing()});
  Run("us-1", {Missing()});
  Run("eu-1", {});
  EXPECT_EQ(Told(), (Names{"dmarc_missing: no record (us)"}));
  Run("us-1", {Missing("another")});
  EXPECT_EQ(Told(), (Names{"dmarc_missing: another (us)"}));
  Run("us-1", {});
  EXPECT_EQ(Told(), Names());
}

TEST_F(FindingKeeperTest, ARunThatBrokeOffTakesNothingBack) {
  Run("eu-1", {Missing()});
  Run("eu-1", {}, Outcome::kNotTested);
  Run("eu-1", {Missing("more")}, Outcome::kFail);
  EXPECT_EQ(Told(), (Names{"dmarc_missing: more (eu)", "dmarc_missing: no record (eu)"}));
}

TEST_F(FindingKeeperTest, WhatIsOldOrOfAMaskedAgentIsLeftOut) {
  Run("masked-1", {Missing()});
  EXPECT_EQ(Told(), Names());
  Run("eu-1", {Missing()});
  EXPECT_EQ(Told(Noon() + kFresh), (Names{"dmarc_missing: no record (eu)"}));
  EXPECT_EQ(Told(Noon() + kFresh + absl::Milliseconds(1)), Names());
}

TEST_F(FindingKeeperTest, WhoIsForgottenHasSaidNothing) {
  Run("eu-1", {Missing()});
  Run("us-1", {Missing()});
  keeper.ForgetAgent("eu-1");
  EXPECT_EQ(Told(), (Names{"dmarc_missing: no record (us)"}));
  keeper.ForgetAgent("us-1");
  EXPECT_EQ(Told(), Names());
}

TEST_F(FindingKeeperTest, ChecksThatAreNotPlannedAreForgotten) {
  Run("eu-1", {Missing()});
  keeper.KeepOnly({});
  keeper.KeepOnly(checks);
  EXPECT_EQ(Told(), Names());
}

TEST_F(FindingKeeperTest, ACheckWithTooManyTextsKeepsTheLatest) {
  for (int i = 0; i < 17; ++i) {
    Run("eu-1", {Missing(std::to_string(100 + i))}, Outcome::kFail, Noon() + absl::Seconds(i));
  }
  const Names told = Told(Noon() + absl::Seconds(17));
  ASSERT_EQ(told.size(), 16u);
  EXPECT_EQ(told.front(), "dmarc_missing: 101 (eu)");
  EXPECT_EQ(told.back(), "dmarc_missing: 116 (eu)");
}

TEST_F(FindingKeeperTest, TextsAreCut) {
  Run("eu-1", {Missing(std::string(513, 'x'))});
  EXPECT_EQ(List().findings.at(0).words.at(0).detail, std::string(512, 'x'));
}

TEST_F(FindingKeeperTest, WhenItIsFullItSaysThatThereIsMore) {
  for (int i = 0; i < 20000; ++i) {
    Run("eu-1", {Missing()}, Outcome::kPass, Noon(), std::to_string(i) + ".test/dns.dmarc");
  }
  EXPECT_TRUE(List().complete);
  Run("eu-1", {Missing()});
  EXPECT_EQ(Told(), Names());
  EXPECT_FALSE(List().complete);
  keeper.KeepOnly(checks);
  Run("eu-1", {Missing()});
  EXPECT_EQ(Told(), (Names{"dmarc_missing: no record (eu)"}));
  EXPECT_TRUE(List().complete);
}

}  // namespace
}  // namespace postwatch::collector
