#include "collector/correlate/suspicion.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/unit/collector/correlate/scene.h"

namespace postwatch::collector {
namespace {

Attempt OfSite(double ended, const std::string& agent = "eu", double late = 0) {
  return {.ended = ended, .agent = agent, .touched = {"site:one"}, .alone = true, .late = late};
}

TEST(SuspicionTest, RisesWithEachFailureByWhatItTells) {
  Scene s;
  s.Fails(OfSite(100), FailureClass::kTcpRefused);
  const double ratio = 0.5 / (Scene::kNoise * NoiseMix(Plane::kMail, Family::kRefused));
  for (size_t k = 0; k < kShares.size(); ++k) {
    EXPECT_NEAR(s.Of("site:one").rise[k], std::log(1 - kShares[k] + kShares[k] * ratio), 1e-3);
  }
  const double once = s.Highest("site:one");
  s.Fails(OfSite(110), FailureClass::kTcpRefused);
  EXPECT_NEAR(s.Highest("site:one"), 2 * once, 1e-3);
}

TEST(SuspicionTest, FallsWithPassesAndIsForgottenAtZero) {
  Scene s;
  s.Fails(OfSite(100), FailureClass::kTcpTimeout);
  const Suspicion before = s.Of("site:one");
  s.Passes(OfSite(101));
  for (size_t k = 0; k < kShares.size(); ++k) {
    EXPECT_NEAR(s.Of("site:one").rise[k], before.rise[k] + std::log(1 - kShares[k]), 1e-4);
  }
  EXPECT_EQ(s.Of("site:one").clues.size(), 2u);
  for (int i = 0; i < 60; ++i) s.Passes(OfSite(102 + i));
  EXPECT_EQ(s.Highest("site:one"), 0);
  EXPECT_TRUE(s.Of("site:one").clues.empty());
  EXPECT_TRUE(s.suspicions.active().empty());
}

TEST(SuspicionTest, PassesBeforeTheFirstFailureDoNotExcuseIt) {
  Scene calm, fresh;
  for (int i = 0; i < 100; ++i) calm.Passes(OfSite(i));
  calm.Fails(OfSite(200), FailureClass::kTcpRefused);
  fresh.Fails(OfSite(200), FailureClass::kTcpRefused);
  EXPECT_EQ(calm.Of("site:one").rise, fresh.Of("site:one").rise);
}

TEST(SuspicionTest, WhatAComponentHasNoPartInIsNoClue) {
  Scene s;
  s.Fails({.ended = 100, .leg = Leg::kDns, .touched = {"site:one", "zone:alpha"}, .alone = true},
          FailureClass::kDnsServfail);
  EXPECT_EQ(s.Highest("site:one"), 0);
  EXPECT_GT(s.Highest("zone:alpha"), 2);
}

TEST(SuspicionTest, AFailureThatComesInLateCountsAsIfItHadComeInTime) {
  Scene in_order, late;
  for (double t = 100; t < 220; t += 10) {
    in_order.Passes(OfSite(t, "us"));
    in_order.Fails(OfSite(t + 1, "eu"), FailureClass::kTcpTimeout);
  }
  late.Passes(OfSite(90, "eu"));  // its clock is known
  for (double t = 100; t < 220; t += 10) late.Passes(OfSite(t, "us"));
  for (double t = 100; t < 220; t += 10) {
    late.Fails(OfSite(t + 1, "eu", 230 - t), FailureClass::kTcpTimeout);
  }
  EXPECT_EQ(late.Highest("site:one"), 0);
  late.suspicions.CatchUp();
  for (size_t k = 0; k < kShares.size(); ++k) {
    EXPECT_NEAR(late.Of("site:one").rise[k], in_order.Of("site:one").rise[k], 1e-3);
  }
  ASSERT_EQ(late.Of("site:one").clues.size(), in_order.Of("site:one").clues.size());
  for (size_t i = 0; i < late.Of("site:one").clues.size(); ++i) {
    EXPECT_EQ(late.Of("site:one").clues[i].ended, in_order.Of("site:one").clues[i].ended);
  }
}

TEST(SuspicionTest, ABacklogOfFailuresAmongPassesDoesNotAccumulate) {
  Scene s;
  s.Passes(OfSite(90, "eu"));
  for (double t = 100; t < 400; t += 1) s.Passes(OfSite(t, "us"));
  for (double t = 100; t < 400; t += 60) {
    s.Fails(OfSite(t + 0.5, "eu", 410 - t), FailureClass::kTcpTimeout);
  }
  s.suspicions.CatchUp();
  // By arrival it would be five failures in a row.
  EXPECT_LT(s.Highest("site:one"), 5);
}

TEST(SuspicionTest, FailuresThatAreSettledCountNoLonger) {
  Scene s, without;
  const FailureId gone = s.Fails(OfSite(100), FailureClass::kTcpRefused);
  s.Fails(OfSite(101), FailureClass::kTcpTimeout);
  s.Passes(OfSite(102));
  without.Fails(OfSite(101), FailureClass::kTcpTimeout);
  without.Passes(OfSite(102));
  s.log.At(gone).settled = true;
  s.suspicions.Reconsider({gone});
  EXPECT_EQ(s.Of("site:one").rise, without.Of("site:one").rise);
  EXPECT_EQ(s.Of("site:one").clues.size(), 2u);
}

TEST(SuspicionTest, WhatIsOldIsForgotten) {
  Scene s, without;
  s.Fails(OfSite(100), FailureClass::kTcpRefused);
  s.Fails(OfSite(200), FailureClass::kTcpRefused);
  without.Fails(OfSite(200), FailureClass::kTcpRefused);
  s.suspicions.Expire(150, s.log.Expire(150));
  EXPECT_EQ(s.Of("site:one").rise, without.Of("site:one").rise);
  s.suspicions.Expire(300, s.log.Expire(300));
  EXPECT_TRUE(s.suspicions.active().empty());
}

TEST(SuspicionTest, CluesOfAComponentAreBounded) {
  Scene s;
  for (int i = 0; i < 9000; ++i) s.Fails(OfSite(100 + i), FailureClass::kTcpRefused);
  EXPECT_LE(s.Of("site:one").clues.size(), 8192u);
  EXPECT_EQ(s.Of("site:one").clues.back().ended, 9099);
  // When it began is still known, until it is over.
  EXPECT_EQ(s.Of("site:one").onset, 99);
  s.log.At(8999).settled = true;
  s.suspicions.Reconsider({8999});
  EXPECT_EQ(s.Of("site:one").onset, 99);
  s.suspicions.Expire(1e6, s.log.Expire(1e6));
  EXPECT_TRUE(s.Of("site:one").clues.empty());
  EXPECT_EQ(s.Of("site:one").onset, 0);
}

TEST(SuspicionTest, ThinkingAnewLeavesAloneWhatIsNotConcerned) {
  Scene s, without;
  for (Scene* scene : {&s, &without}) {
    scene->Fails({.ended = 100, .touched = {"site:two"}, .alone = true}, FailureClass::kTcpRefused);
    scene->Passes(OfSite(101));
    scene->Passes({.ended = 102, .touched = {"site:two"}, .alone = true});
  }
  Attempt late = OfSite(90);
  late.late = 60;
  s.Fails(late, FailureClass::kTcpRefused);
  s.suspicions.CatchUp();
  EXPECT_EQ(s.Of("site:two").rise, without.Of("site:two").rise);
  EXPECT_EQ(s.Of("site:one").clues.size(), 2u);
}

}  // namespace
}  // namespace postwatch::collector
