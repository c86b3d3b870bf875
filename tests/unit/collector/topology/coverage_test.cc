#include "collector/topology/coverage.h"

#include <gtest/gtest.h>

#include "tests/unit/collector/topology/small_fleet.h"

namespace postwatch::collector {
namespace {

FleetPlan PlanOf(const std::vector<std::string>& ids) {
  FleetPlan plan;
  for (const std::string& id : ids) {
    plan.checks.push_back({.id = id, .leg = Leg::kInbound, .interval = absl::Seconds(30)});
  }
  return plan;
}

TEST(CoverageTest, CountsHowOftenEachRouteIsTaken) {
  SmallFleet fleet;
  fleet.Run({.crossed = "mx:m1", .times = 7});
  fleet.Run({.crossed = "mx:m2", .times = 4});
  fleet.Finish();
  ASSERT_EQ(fleet.coverage.lanes().size(), 2u);
  EXPECT_DOUBLE_EQ(fleet.coverage.minutes(), 10);
  EXPECT_DOUBLE_EQ(fleet.coverage.lanes()[0].per_minute, 0.7);
  EXPECT_DOUBLE_EQ(fleet.coverage.lanes()[1].per_minute, 0.4);
  EXPECT_EQ(fleet.coverage.runs(), 11);
}

TEST(CoverageTest, LeavesOutDuplicates) {
  SmallFleet fleet;
  fleet.Run({.crossed = "mx:m1", .times = 3});
  --fleet.sequence;
  fleet.Run({.crossed = "mx:m1"});
  EXPECT_EQ(fleet.coverage.runs(), 3);
}

// Whoever got there when asked can get there when it matters.
TEST(CoverageTest, RunsOutOfTurnShowARouteButNoRate) {
  SmallFleet fleet;
  fleet.Run({.crossed = "mx:m1", .times = 3});
  fleet.Run({.agent = "a2", .crossed = "mx:m1", .why = "confirm"});
  fleet.Finish();
  EXPECT_EQ(fleet.coverage.runs(), 3);
  ASSERT_EQ(fleet.coverage.lanes().size(), 2u);
  EXPECT_EQ(fleet.coverage.lanes()[1].per_minute, 0);
  EXPECT_EQ(fleet.Of("mx:m1").agents, 2u);
}

TEST(CoverageTest, RecordedRunsComeAtThePlansIntervals) {
  SmallFleet fleet(PlanOf({"smtp", "other"}));
  fleet.Run({.crossed = "mx:m1", .times = 3});
  fleet.Run({.crossed = "mx:m2", .times = 1});
  fleet.Finish();
  ASSERT_EQ(fleet.coverage.lanes().size(), 2u);
  EXPECT_DOUBLE_EQ(fleet.coverage.lanes()[0].per_minute, 1.5);
  EXPECT_DOUBLE_EQ(fleet.coverage.lanes()[1].per_minute, 0.5);
  EXPECT_EQ(fleet.coverage.unseen(), std::vector<std::string>{"other"});
}

TEST(CoverageTest, OfRecordedFailuresTheRouteCountsOnlyWhereNothingPasses) {
  SmallFleet fleet(PlanOf({"smtp", "submit"}));
  fleet.Run({.crossed = "mx:m1 site:s", .times = 3});
  fleet.Run({.crossed = "mx:m1", .failed = true});
  fleet.Run({.check = "submit", .leg = Leg::kSubmission, .crossed = "site:s", .failed = true});
  fleet.Finish();
  ASSERT_EQ(fleet.coverage.lanes().size(), 2u);
  EXPECT_DOUBLE_EQ(fleet.coverage.lanes()[0].per_minute, 2);
}

TEST(CoverageTest, HostsThatStandInForEachOtherAreSpares) {
  SmallFleet fleet(PlanOf({"smtp"}));
  fleet.Run({.crossed = "mx:m1 mx:m2 site:s1 site:s2 svc:p/smtp", .times = 3});
  fleet.Finish();
  std::vector<ComponentId> spares(fleet.coverage.spares().begin(), fleet.coverage.spares().end());
  EXPECT_EQ(fleet.Texts(spares),
            (std::vector<std::string>{"mx:m1", "mx:m2", "site:s1", "site:s2"}));
  EXPECT_EQ(fleet.Of("mx:m1").whole, 0u);
  EXPECT_NE(fleet.Of("svc:p/smtp").whole, 0u);
}

TEST(CoverageTest, ALetterTellsTheServicesItUsesApart) {
  SmallFleet fleet(PlanOf({"letter"}));
  fleet.Run({.check = "letter", .leg = Leg::kDelivery, .crossed = "svc:p/submission svc:p/imap"});
  fleet.Finish();
  EXPECT_EQ(fleet.coverage.lanes()[0].stretches.size(), 2u);
  EXPECT_EQ(Alike(fleet.Of("svc:p/submission"), fleet.Of("svc:p/imap")), 0u);
  SmallFleet simulated;  // what a result of no recording crosses, it crosses as a whole
  simulated.Run({.check = "letter", .leg = Leg::kDelivery, .crossed = "svc:p/smtp svc:p/imap"});
  simulated.Finish();
  EXPECT_NE(Alike(simulated.Of("svc:p/smtp"), simulated.Of("svc:p/imap")), 0u);
}

TEST(CoverageTest, AnOutageIsNoNoise) {
  SmallFleet fleet;
  fleet.Run({.crossed = "mx:m1", .times = 50});
  fleet.Run({.crossed = "mx:m1", .failed = true, .times = 40});
  fleet.Run({.crossed = "mx:m1", .times = 50});
  fleet.Finish();
  EXPECT_NEAR(fleet.coverage.noise(), 1.0 / 250, 1e-9);
  SmallFleet noisy;
  for (int i = 0; i < 10; ++i) {
    noisy.Run({.crossed = "mx:m1", .failed = true});
    noisy.Run({.crossed = "mx:m1", .times = 29});
  }
  noisy.Finish();
  EXPECT_NEAR(noisy.coverage.noise(), 11.0 / 450 + 10.0 / 450, 1e-9);
}

TEST(CoverageTest, WhatIsExpectedNeedsNoRuns) {
  SmallFleet fleet;
  fleet.coverage.Expect(fleet.SightingOf({.crossed = "mx:m1"}), 0.25);
  fleet.Finish();
  ASSERT_EQ(fleet.coverage.lanes().size(), 1u);
  EXPECT_DOUBLE_EQ(fleet.coverage.lanes()[0].per_minute, 0.25);
  EXPECT_EQ(fleet.coverage.runs(), 0);
  EXPECT_NEAR(fleet.coverage.noise(), 1.0 / 150, 1e-9);
}

}  // namespace
}  // namespace postwatch::collector
