#include "collector/topology/reach.h"

#include <gtest/gtest.h>

#include "tests/unit/collector/topology/small_fleet.h"

namespace postwatch::collector {
namespace {

TEST(ReachTest, CountsVantagesAndRates) {
  SmallFleet fleet;
  FillTwoSites(fleet);
  fleet.Finish();
  EXPECT_EQ(fleet.Of("provider:p").agents, 2u);
  EXPECT_EQ(fleet.Of("provider:p").networks, 2u);
  EXPECT_EQ(fleet.Of("site:s1").networks, 1u);
  EXPECT_NEAR(fleet.Of("provider:p").per_minute[static_cast<size_t>(Plane::kMail)], 40.0 / 59,
              1e-5);
  EXPECT_EQ(fleet.Of("provider:p").per_minute[static_cast<size_t>(Plane::kNames)], 0);
}

TEST(ReachTest, ShowsOnlyInTheMannersItUsuallyTakes) {
  SmallFleet fleet;
  FillTwoSites(fleet);
  fleet.Finish();
  const auto shown = [&](const std::string& text, Manner manner) {
    return fleet.Of(text).shown[static_cast<size_t>(manner)] != 0;
  };
  EXPECT_TRUE(shown("site:s1", Manner::kRefused));
  EXPECT_FALSE(shown("path:as1>p", Manner::kRefused));
  EXPECT_TRUE(shown("path:as1>p", Manner::kSilent));
  EXPECT_TRUE(shown("acct:p/0", Manner::kLogin));
  EXPECT_FALSE(shown("acct:p/0", Manner::kSilent));
}

// A lookup that nobody answers and a connection that nobody answers are two things.
TEST(ReachTest, SilenceOfNameServersIsAnother) {
  SmallFleet fleet;
  fleet.Run({.crossed = "zone:z site:s"});
  fleet.Finish();
  const auto silent = static_cast<size_t>(Manner::kSilent);
  EXPECT_NE(fleet.Of("zone:z").shown[silent], 0u);
  EXPECT_NE(fleet.Of("zone:z").shown[silent], fleet.Of("site:s").shown[silent]);
  EXPECT_EQ(fleet.Of("zone:z").whole, fleet.Of("site:s").whole);
}

TEST(ReachTest, APageNeedsTwoNetworksWhereTheFleetHasThem) {
  const Diversity wide{.agents = 4, .regions = 2, .networks = 3};
  EXPECT_TRUE(MayPage(Kind::kSite, {.whole = 1, .agents = 2, .networks = 2, .regions = 1}, wide));
  EXPECT_FALSE(MayPage(Kind::kSite, {.whole = 1, .agents = 2, .networks = 1, .regions = 2}, wide));
  EXPECT_FALSE(MayPage(Kind::kSite, {.whole = 1, .agents = 1, .networks = 1}, wide));
  EXPECT_FALSE(MayPage(Kind::kSite, {.agents = 2, .networks = 2}, wide));
  EXPECT_TRUE(MayPage(Kind::kListed, {.whole = 1, .agents = 1, .networks = 1}, wide));
  EXPECT_FALSE(MayPage(Kind::kPath, {.whole = 1, .agents = 2, .networks = 2}, wide));
  const Diversity one_network{.agents = 2, .regions = 2, .networks = 1};
  EXPECT_TRUE(
      MayPage(Kind::kSite, {.whole = 1, .agents = 2, .networks = 1, .regions = 2}, one_network));
  const Diversity alone{.agents = 1, .regions = 1, .networks = 1};
  EXPECT_TRUE(MayPage(Kind::kSite, {.whole = 1, .agents = 1, .networks = 1}, alone));
}

}  // namespace
}  // namespace postwatch::collector
