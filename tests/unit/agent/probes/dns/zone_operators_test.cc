#include "agent/probes/dns/zone_operators.h"

#include <gtest/gtest.h>

namespace postwatch::agent {
namespace {

TEST(RegisteredDomainTest, HasTwoLabelsOrThreeBelowACountrysSecondLevel) {
  EXPECT_EQ(RegisteredDomain("NS1.dns.Host.example."), "host.example");
  EXPECT_EQ(RegisteredDomain("a.ns.isp.co.uk"), "isp.co.uk");
  EXPECT_EQ(RegisteredDomain("ns.university.ac.jp"), "university.ac.jp");
  EXPECT_EQ(RegisteredDomain("ns.co.example"), "co.example") << "no country";
  EXPECT_EQ(RegisteredDomain("ns.my.de"), "my.de");
  EXPECT_EQ(RegisteredDomain("co.uk"), "co.uk");
  EXPECT_EQ(RegisteredDomain("localhost"), "localhost");
}

TEST(OperatorOfTest, IsWhoRunsThemAll) {
  EXPECT_EQ(OperatorOf({"amy.ns.host.example", "bob.ns.host.example"}), "host.example");
  EXPECT_EQ(OperatorOf({"ns1.host.example", "ns1.other.example"}), "");
  EXPECT_EQ(OperatorOf({"ns-1.awsdns-07.com", "ns-2.awsdns-31.co.uk"}), "awsdns");
  EXPECT_EQ(OperatorOf({"ns1-01.azure-dns.com", "ns2-01.azure-dns.net"}), "azure-dns");
  EXPECT_EQ(OperatorOf({}), "");
}

TEST(ZoneOperatorsTest, RemembersAndKnowsHowOldItIs) {
  ZoneOperators operators;
  EXPECT_EQ(operators.Find("alpha.test"), "");
  EXPECT_FALSE(operators.IsFresh("alpha.test", absl::ZeroDuration()));
  operators.Learn("alpha.test", "host.example", absl::Seconds(10));
  EXPECT_TRUE(operators.IsFresh("alpha.test", absl::Minutes(60)));
  EXPECT_FALSE(operators.IsFresh("alpha.test", absl::Minutes(60) + absl::Seconds(10)));
  EXPECT_EQ(operators.Find("alpha.test"), "host.example") << "stale, and better than nothing";
  operators.Learn("alpha.test", "", absl::Hours(2));
  EXPECT_TRUE(operators.IsFresh("alpha.test", absl::Hours(2)));
  EXPECT_EQ(operators.Find("alpha.test"), "");
  EXPECT_EQ(operators.size(), 1u);
}

TEST(ZoneOperatorsTest, IsBoundedAndForgetsTheOldest) {
  ZoneOperators operators;
  for (int i = 0; i < 20'000; ++i) {
    operators.Learn("zone" + std::to_string(i), "host", absl::Seconds(i));
  }
  operators.Learn("zone0", "host", absl::Hours(9));
  operators.Learn("one.more", "host", absl::Hours(9));
  EXPECT_EQ(operators.size(), 20'000u);
  EXPECT_EQ(operators.Find("zone0"), "host");
  EXPECT_EQ(operators.Find("zone1"), "");
  EXPECT_EQ(operators.Find("one.more"), "host");
}

}  // namespace
}  // namespace postwatch::agent
