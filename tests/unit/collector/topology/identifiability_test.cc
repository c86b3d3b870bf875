#include "collector/topology/identifiability.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/collector/topology/small_fleet.h"

namespace postwatch::collector {
namespace {

class IdentifiabilityTest : public testing::Test {
 protected:
  void Find() {
    fleet.Finish();
    groups = FindLookAlikes(fleet.coverage, fleet.reaches);
  }
  // The largest group with this member; its other members are what it may be confused with.
  const LookAlikes* With(const std::string& text) const {
    const ComponentId id = fleet.Id(text);
    for (const LookAlikes& group : groups) {
      if (std::ranges::find(group.members, id) != group.members.end()) return &group;
    }
    return nullptr;
  }
  std::vector<std::string> Sorted(const LookAlikes& group) const {
    std::vector<std::string> texts = fleet.Texts(group.members);
    std::ranges::sort(texts);
    return texts;
  }

  SmallFleet fleet;
  std::vector<LookAlikes> groups;
};

TEST_F(IdentifiabilityTest, AFrontEndOfOneNetworkLooksLikeItsPath) {
  FillTwoSites(fleet);
  Find();
  const LookAlikes* group = With("site:s1");
  ASSERT_NE(group, nullptr);
  EXPECT_EQ(Sorted(*group), (std::vector<std::string>{"path:as1>p", "site:s1"}));
  EXPECT_EQ(group->manners, Bit(Manner::kSilent));  // a refusal tells them apart
  EXPECT_EQ(fleet.Text(group->named), "path:as1>p");
  EXPECT_TRUE(group->any_real);
  EXPECT_FALSE(group->pages);
}

TEST_F(IdentifiabilityTest, OneAccountLooksLikeAllLogins) {
  FillTwoSites(fleet);
  Find();
  const LookAlikes* group = With("acct:p/0");
  ASSERT_NE(group, nullptr);
  EXPECT_EQ(Sorted(*group), (std::vector<std::string>{"acct:p/0", "auth:p"}));
  EXPECT_EQ(group->manners, Bit(Manner::kLogin));
  EXPECT_EQ(fleet.Text(group->named), "acct:p/0");
  EXPECT_TRUE(group->pages);
}

TEST_F(IdentifiabilityTest, ASecondAccountTellsThemApart) {
  FillTwoSites(fleet);
  fleet.Run({.check = "imap2",
             .leg = Leg::kAccess,
             .crossed = "path:as1>p site:s1 provider:p svc:p/imap auth:p acct:p/1"});
  Find();
  EXPECT_EQ(With("acct:p/0"), nullptr);
}

TEST_F(IdentifiabilityTest, ASecondNetworkTellsThemApart) {
  FillTwoSites(fleet);
  fleet.Run({.agent = "a3", .network = "as3", .crossed = "path:as3>p site:s1 provider:p mx:m1"});
  Find();
  EXPECT_EQ(With("site:s1"), nullptr);
}

TEST_F(IdentifiabilityTest, WhatIsOurOwnOnlyIsSaidToBe) {
  FillTwoSites(fleet);
  Find();
  const LookAlikes* group = With("agent:a1");
  ASSERT_NE(group, nullptr);
  EXPECT_EQ(Sorted(*group), (std::vector<std::string>{"agent:a1", "isp:as1"}));
  EXPECT_FALSE(group->any_real);
  EXPECT_FALSE(group->pages);
}

// A certificate says what is wrong, whatever else the same runs cross; neutral parties are nobody's
// fault.
TEST_F(IdentifiabilityTest, ErrorsThatNameTheirCauseNeedNoOtherRuns) {
  FillTwoSites(fleet);
  Find();
  EXPECT_EQ(With("cert:p/smtp"), nullptr);
  EXPECT_EQ(With("anchor:x"), nullptr);
  EXPECT_EQ(With("listed:a1@p"), nullptr);
}

TEST_F(IdentifiabilityTest, CountsEachPairOnce) {
  fleet.Run({.crossed = "site:s dc:d provider:p"});
  fleet.Run({.agent = "a2", .network = "as2", .crossed = "site:s dc:d provider:p"});
  Find();
  const std::vector<Pair> pairs = PairsOf(groups, fleet.coverage.catalog());
  EXPECT_EQ(pairs.size(), 5u);  // three of the service, an agent and its network twice
  EXPECT_EQ(std::ranges::count_if(pairs, [](const Pair& pair) { return pair.any_real; }), 3);
}

TEST_F(IdentifiabilityTest, NamesWhatCanNeverPage) {
  FillTwoSites(fleet);
  Find();
  EXPECT_EQ(fleet.Texts(NeverPaging(fleet.coverage, fleet.reaches)),
            (std::vector<std::string>{"site:s1", "mx:m1", "site:s2", "mx:m2"}));
}

// As many networks as their ways are as likely to be at fault as the front end.
TEST_F(IdentifiabilityTest, OfFewNetworksAllWaysMayBeAtFault) {
  const auto ask = [](int networks, bool elsewhere, std::string_view site = "site:s") {
    SmallFleet few;
    for (int n = 0; n < networks; ++n) {
      const RunOf run{.agent = Concat("a", n), .network = Concat("as", n)};
      RunOf to_site = run, control = run, other = run;
      to_site.crossed = Concat("path:as", n, ">p ", site);
      control.leg = Leg::kControl;
      control.check = "control";
      other.check = "other";
      other.crossed = Concat("path:as", n, ">p site:other", n);
      few.Run(to_site);
      few.Run(control);
      if (elsewhere) few.Run(other);
    }
    few.Finish();
    std::vector<std::string> told;
    for (const FewNetworks& one :
         SeenByFewNetworks(few.coverage, few.reaches, FindLookAlikes(few.coverage, few.reaches))) {
      told.push_back(Concat(few.Text(one.id), one.never ? " never" : " later"));
    }
    return told;
  };
  using Told = std::vector<std::string>;
  EXPECT_EQ(ask(2, false), Told{"site:s never"});
  EXPECT_EQ(ask(3, false), Told{"site:s later"});
  EXPECT_EQ(ask(4, false), Told{});
  EXPECT_EQ(ask(2, false, "site:s svc:p/smtp"), Told{});  // named as a service: nobody gets through
  EXPECT_EQ(ask(2, true), Told{});  // what else they use their ways for is well
}

}  // namespace
}  // namespace postwatch::collector
