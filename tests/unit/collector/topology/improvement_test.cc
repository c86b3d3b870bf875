#include "collector/topology/improvement.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/collector/topology/small_fleet.h"

namespace postwatch::collector {
namespace {

std::vector<Improvement> Best(SmallFleet& fleet) {
  fleet.Finish();
  return BestAdditions(fleet.coverage, fleet.reaches,
                       FindLookAlikes(fleet.coverage, fleet.reaches));
}

TEST(ImprovementTest, WhatTellsMoreApartForLessComesFirst) {
  SmallFleet fleet;
  FillTwoSites(fleet);
  const std::vector<Improvement> best = Best(fleet);
  ASSERT_EQ(best.size(), 3u);
  EXPECT_EQ(best[0].what, "a second account at p");
  EXPECT_EQ(best[0].pairs, 1u);
  EXPECT_EQ(best[0].pageable, 0u);
  EXPECT_EQ(fleet.Text(best[0].split.at(0).a), "auth:p");
  EXPECT_EQ(fleet.Text(best[0].split.at(0).b), "acct:p/0");
  EXPECT_EQ(best[1].what, "an agent in eu on another network than as1, as2");
  EXPECT_EQ(best[1].pairs, 1u);     // the path of as1 and its front end
  EXPECT_EQ(best[1].pageable, 2u);  // that front end and its host
  EXPECT_EQ(best[2].kind, AdditionKind::kCheck);
  EXPECT_EQ(best[2].pairs, 0u);
}

TEST(ImprovementTest, MoreRunsSaveTime) {
  SmallFleet fleet;
  FillTwoSites(fleet);
  for (const Improvement& improvement : Best(fleet)) {
    EXPECT_LE(improvement.after, improvement.before) << improvement.what;
    if (improvement.pairs == 0) {
      EXPECT_LT(improvement.after, improvement.before) << improvement.what;
    }
  }
}

TEST(ImprovementTest, CountsOthersOfTheSort) {
  SmallFleet fleet;
  FillTwoSites(fleet);
  for (const std::string_view agent : {"1", "2"}) {
    fleet.Run({.agent = Concat("a", agent),
               .network = Concat("as", agent),
               .check = "imap of q",
               .leg = Leg::kAccess,
               .crossed = Concat("path:as", agent, ">q provider:q auth:q acct:q/0 svc:q/imap")});
  }
  const std::vector<Improvement> best = Best(fleet);
  const auto account = std::ranges::find(best, AdditionKind::kAccount, &Improvement::kind);
  ASSERT_NE(account, best.end());
  EXPECT_EQ(account->likewise, 1u);  // p and q have one each
}

}  // namespace
}  // namespace postwatch::collector
