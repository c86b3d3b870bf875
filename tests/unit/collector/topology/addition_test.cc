#include "collector/topology/addition.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/collector/topology/small_fleet.h"

namespace postwatch::collector {
namespace {

class AdditionTest : public testing::Test {
 protected:
  std::vector<Addition> Possible() {
    fleet.Finish();
    return PossibleAdditions(fleet.coverage, fleet.reaches);
  }
  static std::vector<std::string> Words(const std::vector<Addition>& additions) {
    std::vector<std::string> words;
    for (const Addition& addition : additions) words.push_back(addition.what);
    return words;
  }

  SmallFleet fleet;
};

TEST_F(AdditionTest, NamesWhatThereIsOneOf) {
  FillTwoSites(fleet);
  EXPECT_EQ(Words(Possible()),
            (std::vector<std::string>{"all DNS checks twice as often",
                                      "all SMTP, submission, IMAP and POP3 checks twice as often",
                                      "all round trips twice as often", "a second account at p",
                                      "an agent in eu on another network than as1, as2"}));
}

TEST_F(AdditionTest, ANewAgentSeesWhatItsNeighbourSeesOnAPathOfItsOwn) {
  FillTwoSites(fleet);
  const std::vector<Addition> additions = Possible();
  const Addition& agent = additions.back();
  EXPECT_TRUE(agent.new_network);
  ASSERT_EQ(agent.lanes.size(), 3u);
  const size_t known = fleet.coverage.catalog().component_count();
  for (const NewLane& lane : agent.lanes) {
    if (lane.plane != Plane::kMail) continue;
    EXPECT_TRUE(std::ranges::find(lane.crossed, fleet.Id("site:s1")) != lane.crossed.end());
    EXPECT_TRUE(std::ranges::find(lane.crossed, fleet.Id("path:as1>p")) == lane.crossed.end());
    EXPECT_GE(std::ranges::count_if(lane.crossed, [&](ComponentId id) { return id >= known; }), 3);
  }
}

TEST_F(AdditionTest, OneServiceMayHaveASecond) {
  fleet.Run({.crossed = "path:as1>p provider:p site:s mx:m svc:p/smtp"});
  const std::vector<Addition> additions = Possible();
  const auto service =
      std::ranges::find(additions, "an account at p, to check logins too", &Addition::what);
  ASSERT_NE(service, additions.end());
  EXPECT_EQ(service->kind, AdditionKind::kAccount);
  ASSERT_EQ(service->lanes.size(), 1u);
  EXPECT_TRUE(std::ranges::find(service->lanes[0].crossed, fleet.Id("svc:p/smtp")) ==
              service->lanes[0].crossed.end());
}

TEST_F(AdditionTest, AHosterMayHaveASecondZone) {
  fleet.Run({.check = "dns", .leg = Leg::kDns, .crossed = "resolver:r zone:z hoster:h"});
  fleet.Run(
      {.check = "dns2", .leg = Leg::kDns, .crossed = "resolver:r zone:p hoster:own provider:p"});
  const std::vector<std::string> words = Words(Possible());
  EXPECT_TRUE(std::ranges::find(words, "a DNS check of another zone at h") != words.end());
  // A provider's own name servers have no other.
  EXPECT_TRUE(std::ranges::find(words, "a DNS check of another zone at own") == words.end());
}

}  // namespace
}  // namespace postwatch::collector
