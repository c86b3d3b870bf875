#include "collector/correlate/evidence.h"

#include <gtest/gtest.h>

#include <set>

#include "common/base/text.h"

namespace postwatch::collector {
namespace {

using What = Finding::What;

struct Seen {
  double began = 0, received = 0;
  FailureClass klass = FailureClass::kUnspecified;  // kUnspecified: passed
  std::string amends = "";
  uint64_t sequence = 0;  // 0: the next one
  Leg leg = Leg::kDelivery;
};

class EvidenceTest : public ::testing::Test {
 protected:
  Sighting MakeSighting(const Seen& seen) {
    if (seen.sequence == 0) ++sequence_;
    Sighting sighting{.vantage = {.agent = "eu", .region = "eu", .network = "as1"},
                      .provider = "alpha",
                      .leg = seen.leg,
                      .spool_id = "1",
                      .sequence = seen.sequence == 0 ? sequence_ : seen.sequence,
                      .received = ToTime(seen.received)};
    Observation& o = sighting.observation;
    o.id = Concat("obs-", sighting.sequence);
    o.check_id = "alpha/check";
    o.target = "alpha.test";
    o.started = ToTime(seen.began);
    o.took = absl::Seconds(1);
    o.amends = seen.amends;
    if (seen.klass != FailureClass::kUnspecified) {
      o.outcome = Outcome::kFail;
      o.failure = Failure{.klass = seen.klass, .step = "fetch", .detail = "as made"};
    }
    return sighting;
  }

  Finding Read(const Seen& seen) {
    Finding finding = evidence_.Read(MakeSighting(seen), 0);
    if (finding.what == What::kFailure) {
      evidence_.Filed(finding.reading.cell, log_.Add(finding.failure));
    }
    return finding;
  }

  const CheckCell& OnlyCell() {
    EXPECT_EQ(evidence_.cells().size(), 1u);
    return evidence_.At(0);
  }

  Catalog catalog_;
  FailureLog log_;
  Evidence evidence_{catalog_, log_};
  uint64_t sequence_ = 0;
};

TEST_F(EvidenceTest, SaysWhenWhereAndHow) {
  Read({.began = 8, .received = 9});
  const Finding finding = Read({.began = 10, .received = 12, .klass = FailureClass::kTcpRefused});
  EXPECT_EQ(finding.what, What::kFailure);
  EXPECT_EQ(finding.reading.began, 10);
  EXPECT_EQ(finding.reading.ended, 11);
  EXPECT_EQ(finding.reading.received, 12);
  EXPECT_EQ(finding.reading.family, Family::kRefused);
  EXPECT_EQ(finding.reading.plane, Plane::kLetters);
  EXPECT_EQ(catalog_.AgentOf(finding.reading.agent).network, "as1");
  EXPECT_EQ(catalog_.TargetName(finding.reading.target), "alpha.test");
  EXPECT_TRUE(catalog_.Crosses(finding.reading.route, catalog_.Component({"provider", "alpha"})));
  EXPECT_EQ(finding.failure.reply, "as made");
  EXPECT_FALSE(finding.of_witness);
}

TEST_F(EvidenceTest, KeepsEventOrderWhateverTheOrderOfArrival) {
  Read({.began = 5, .received = 6});
  Read({.began = 30, .received = 31});
  Read({.began = 10, .received = 32, .klass = FailureClass::kTcpRefused});
  EXPECT_FALSE(OnlyCell().failing());
  EXPECT_EQ(OnlyCell().ended, 31);
}

TEST_F(EvidenceTest, CountsRunsInARow) {
  Read({.began = 5, .received = 6});
  Read({.began = 10, .received = 11, .klass = FailureClass::kTcpRefused});
  Read({.began = 20, .received = 21, .klass = FailureClass::kTcpRefused});
  EXPECT_EQ(OnlyCell().failures, 2);
  EXPECT_EQ(OnlyCell().failed_since, 10);
  Read({.began = 30, .received = 31});
  EXPECT_EQ(OnlyCell().failures, 0);
  EXPECT_EQ(OnlyCell().passes, 1);
  EXPECT_EQ(OnlyCell().last_failed, 21);
}

TEST_F(EvidenceTest, IgnoresDuplicatesAndRunsThatTestedNothing) {
  EXPECT_EQ(Read({.began = 10, .received = 11, .sequence = 7}).what, What::kPass);
  EXPECT_EQ(Read({.began = 10, .received = 11, .sequence = 7}).what, What::kIgnored);
  EXPECT_EQ(Read({.began = 8, .received = 12, .sequence = 6}).what, What::kPass);
  EXPECT_EQ(Read({.began = 8, .received = 12, .sequence = 6}).what, What::kIgnored);
  Sighting untested = MakeSighting({.began = 20, .received = 21, .sequence = 9});
  untested.observation.outcome = Outcome::kNotTested;
  EXPECT_EQ(evidence_.Read(untested, 0).what, What::kIgnored);
}

TEST_F(EvidenceTest, ANewSpoolBeginsAnew) {
  Sighting sighting = MakeSighting({.began = 10, .received = 11, .sequence = 7});
  EXPECT_EQ(evidence_.Read(sighting, 0).what, What::kPass);
  sighting.spool_id = "2";
  EXPECT_EQ(evidence_.Read(sighting, 0).what, What::kPass);
  EXPECT_EQ(evidence_.Read(sighting, 0).what, What::kIgnored);
}

TEST_F(EvidenceTest, ASequenceThatLeapsCostsNothing) {
  EXPECT_EQ(Read({.began = 10, .received = 11, .sequence = 7}).what, What::kPass);
  const uint64_t far = uint64_t{1} << 62;
  EXPECT_EQ(Read({.began = 20, .received = 21, .sequence = far}).what, What::kPass);
  EXPECT_EQ(Read({.began = 20, .received = 21, .sequence = far}).what, What::kIgnored);
  EXPECT_EQ(Read({.began = 19, .received = 21, .sequence = far - 1}).what, What::kPass);
}

TEST_F(EvidenceTest, TakesTheAgentsClockFromItsQuickestReport) {
  // The agent's clock is 100 s ahead; the first report was held up for 40 s.
  EXPECT_EQ(Read({.began = 100, .received = 41}).reading.ended, 41);
  EXPECT_EQ(Read({.began = 150, .received = 51}).reading.ended, 51);
  EXPECT_EQ(Read({.began = 160, .received = 70}).reading.ended, 61);
}

TEST_F(EvidenceTest, RunsFromBeforeTheWindowAreNotTaken) {
  EXPECT_EQ(evidence_.Read(MakeSighting({.began = 10, .received = 11}), 100).what, What::kIgnored);
  EXPECT_TRUE(evidence_.cells().empty());
}

TEST_F(EvidenceTest, ALetterThatCameLateIsNoFailureAndNoPass) {
  Read({.began = 10, .received = 11, .klass = FailureClass::kDeliveryDelayed});
  const Finding late =
      Read({.began = 60, .received = 61, .klass = FailureClass::kDeliveredLate, .amends = "obs-1"});
  EXPECT_EQ(late.what, What::kAmended);
  EXPECT_TRUE(log_.At(late.amended).settled);
  EXPECT_FALSE(OnlyCell().failing());
  EXPECT_EQ(OnlyCell().passes, 0);
}

TEST_F(EvidenceTest, ADelayedLetterThatIsLostStaysAFailure) {
  Read({.began = 10, .received = 11, .klass = FailureClass::kDeliveryDelayed});
  const Finding lost =
      Read({.began = 60, .received = 61, .klass = FailureClass::kDeliveryLost, .amends = "obs-1"});
  EXPECT_EQ(lost.what, What::kAmended);
  EXPECT_FALSE(log_.At(lost.amended).settled);
  EXPECT_EQ(log_.At(lost.amended).klass, FailureClass::kDeliveryLost);
  EXPECT_TRUE(OnlyCell().failing());
}

TEST_F(EvidenceTest, AnAmendmentOfSomethingUnknownIsNoEvidence) {
  const Seen late{
      .began = 60, .received = 61, .klass = FailureClass::kDeliveredLate, .amends = "gone"};
  EXPECT_EQ(Read(late).what, What::kIgnored);
  EXPECT_TRUE(evidence_.cells().empty());
}

TEST_F(EvidenceTest, ChecksOutsideThePlanAreNotTaken) {
  evidence_.SetPlan({});
  EXPECT_EQ(Read({.began = 10, .received = 11}).what, What::kIgnored);
}

TEST_F(EvidenceTest, ANewcomerIsPutOffForAWhileAndThatMeansNothing) {
  const FailureClass greylisted = FailureClass::kSmtpGreylisted;
  const auto newcomer = [&](double began, FailureClass klass, Leg leg) {
    const Seen seen{.began = began, .received = began + 1, .klass = klass, .leg = leg};
    return Read(seen).reading.newcomer;
  };
  EXPECT_FALSE(newcomer(5, FailureClass::kUnspecified, Leg::kAccess));
  EXPECT_TRUE(newcomer(10, greylisted, Leg::kInbound));
  EXPECT_FALSE(newcomer(20, FailureClass::kTcpRefused, Leg::kInbound));
  EXPECT_TRUE(newcomer(800, FailureClass::kSmtpUnclassified4xx, Leg::kInbound));
  EXPECT_FALSE(newcomer(810, FailureClass::kSmtpServerTemp, Leg::kInbound));
  EXPECT_FALSE(newcomer(1000, greylisted, Leg::kInbound));
}

TEST_F(EvidenceTest, WhatIsKnownOfACheckSpeaksForSomeRuns) {
  evidence_.SetPlan({{{.id = "alpha/check", .interval = absl::Seconds(60)}}});
  Read({.began = 99, .received = 100});
  EXPECT_TRUE(evidence_.IsFresh(OnlyCell(), 220));
  EXPECT_FALSE(evidence_.IsFresh(OnlyCell(), 221));
}

TEST_F(EvidenceTest, WhatAForgottenAgentSawFailDoesNotFailNow) {
  Read({.began = 10, .received = 11, .klass = FailureClass::kTcpRefused});
  EXPECT_TRUE(OnlyCell().failing());
  evidence_.Forget("eu");
  EXPECT_FALSE(OnlyCell().failing());
}

TEST_F(EvidenceTest, ARunOfTheWitnessSpeaksAboutItsAgent) {
  EXPECT_TRUE(Read({.began = 10,
                    .received = 11,
                    .klass = FailureClass::kAgentNoNetwork,
                    .leg = Leg::kControl})
                  .of_witness);
  EXPECT_TRUE(evidence_.has_control_checks());
}

TEST_F(EvidenceTest, RepliesAreShortened) {
  Sighting sighting =
      MakeSighting({.began = 10, .received = 11, .klass = FailureClass::kSmtpServerTemp});
  sighting.observation.failure->reply = Reply{.code = 421, .text = std::string(1000, 'x')};
  EXPECT_EQ(evidence_.Read(sighting, 0).failure.reply, "421 " + std::string(256, 'x'));
}

// 1000 names and routes, and 32 for each check that there is.
TEST_F(EvidenceTest, AnAgentThatMakesUpNamesDoesNotFillTheMemory) {
  Sighting sighting = MakeSighting({.began = 10, .received = 12});
  sighting.observation.touched = {{"site", ""}, {"resolver", ""}};
  for (int i = 0; i < 5000; ++i) {
    sighting.sequence = static_cast<uint64_t>(i) + 10;
    sighting.observation.touched[0].name = Concat("made-up-", i % 1500);
    sighting.observation.touched[1].name = Concat("made-up-", i % 1499);
    EXPECT_EQ(evidence_.Read(sighting, 0).what, What::kPass);
  }
  EXPECT_EQ(catalog_.component_count(), 1032u);
  EXPECT_LE(catalog_.route_count(), 1032u + 1);
  EXPECT_EQ(evidence_.cells().size(), 1u);
  // What follows from where it stands and what the check is for is known all the same.
  const RouteId route =
      evidence_.Read(MakeSighting({.began = 10, .received = 12}), 0).reading.route;
  EXPECT_TRUE(catalog_.Crosses(route, catalog_.Component({"provider", "alpha"})));
  // And others can still name what is new.
  Sighting other = MakeSighting({.began = 11, .received = 12});
  other.vantage.agent = "us";
  other.observation.touched = {{"site", "192.0.2.1"}};
  const Finding finding = evidence_.Read(other, 0);
  EXPECT_TRUE(catalog_.Crosses(finding.reading.route, catalog_.Find({"site", "192.0.2.1"})));
}

TEST_F(EvidenceTest, TimeAloneMakesNothingGrow) {
  const auto day = [&](double start) {
    for (int i = 0; i < 1440; ++i) {
      const double began = start + i * 60;
      const bool fails = i % 7 == 0;
      Read({.began = began,
            .received = began + 1,
            .klass = fails ? FailureClass::kTcpRefused : FailureClass::kUnspecified});
      log_.Expire(began - 1800);
    }
  };
  day(0);
  const size_t components = catalog_.component_count(), routes = catalog_.route_count();
  const size_t failures = log_.end() - log_.begin();
  for (int i = 1; i < 7; ++i) day(i * 86400.0);
  EXPECT_EQ(catalog_.component_count(), components);
  EXPECT_EQ(catalog_.route_count(), routes);
  EXPECT_EQ(log_.end() - log_.begin(), failures);
  EXPECT_EQ(evidence_.cells().size(), 1u);
}

TEST_F(EvidenceTest, ARouteTakenBeforeIsTakenAgain) {
  Sighting sighting = MakeSighting({.began = 10, .received = 12});
  std::set<RouteId> routes;
  for (int i = 0; i < 9; ++i) {
    sighting.sequence = static_cast<uint64_t>(i) + 10;
    sighting.observation.touched = {{"site", Concat("192.0.2.", i % 3)}};
    routes.insert(evidence_.Read(sighting, 0).reading.route);
  }
  EXPECT_EQ(routes.size(), 3u);
  EXPECT_EQ(catalog_.route_count(), 3u);
}

}  // namespace
}  // namespace postwatch::collector
