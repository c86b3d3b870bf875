#include "collector/topology/words.h"

#include <gtest/gtest.h>

#include "tests/unit/collector/topology/small_fleet.h"

namespace postwatch::collector {
namespace {

class WordsTest : public testing::Test {
 protected:
  WordsTest() {
    FillTwoSites(fleet);
    fleet.Finish();
  }
  LookAlikes Group(const std::string& named, const std::string& other) const {
    for (const LookAlikes& group : FindLookAlikes(fleet.coverage, fleet.reaches)) {
      if (group.named == fleet.Id(named) && fleet.Texts(group.members).size() == 2 &&
          (group.members[0] == fleet.Id(other) || group.members[1] == fleet.Id(other))) {
        return group;
      }
    }
    ADD_FAILURE() << named << " is not named for " << other;
    return {.members = {0, 0}};
  }

  SmallFleet fleet;
};

TEST_F(WordsTest, SaysWhoLooksAndWhatTheyTakeItFor) {
  const LookAlikes group = Group("path:as1>p", "site:s1");
  EXPECT_EQ(WhyAlike(group, fleet.coverage, fleet.reaches), "only agent a1 sees it");
  EXPECT_EQ(Consequence(group, fleet.coverage.catalog()),
            "It is filed as path:as1>p and nobody is paged; it may be site:s1.");
  EXPECT_EQ(TieBreaker(group, fleet.coverage.catalog()),
            "an agent on another network that gets to the same place");
  EXPECT_EQ(WhenWords(group.manners), "does not answer");
}

TEST_F(WordsTest, SaysWhatThereIsOneOf) {
  const LookAlikes group = Group("acct:p/0", "auth:p");
  EXPECT_EQ(WhyAlike(group, fleet.coverage, fleet.reaches), "one account there");
  EXPECT_EQ(Consequence(group, fleet.coverage.catalog()),
            "An alert names acct:p/0; it may as well be auth:p.");
  EXPECT_EQ(TieBreaker(group, fleet.coverage.catalog()), "a second account there");
}

TEST_F(WordsTest, OwnTroubleWorriesNobody) {
  EXPECT_EQ(Consequence(Group("agent:a1", "isp:as1"), fleet.coverage.catalog()),
            "It is filed as agent:a1; nobody is paged for either.");
}

TEST_F(WordsTest, SaysWhyNobodyIsPaged) {
  EXPECT_EQ(WhyNeverPaging(fleet.Id("site:s2"), fleet.coverage, fleet.reaches),
            "only agent a2 sees it");
}

}  // namespace
}  // namespace postwatch::collector
