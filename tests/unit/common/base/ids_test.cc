#include "common/base/ids.h"

#include <gtest/gtest.h>

#include <set>

namespace postwatch {
namespace {

TEST(RandomId, IsThirtyTwoLowerHexDigitsAndNew) {
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    const std::string id = RandomId();
    EXPECT_EQ(id.size(), 32u);
    EXPECT_EQ(id.find_first_not_of("0123456789abcdef"), id.npos) << id;
    EXPECT_TRUE(seen.insert(id).second) << id;
  }
}

TEST(RandomBytes, GivesAsManyAsAsked) {
  EXPECT_EQ(RandomBytes(0).size(), 0u);
  EXPECT_EQ(RandomBytes(1000).size(), 1000u);
}

TEST(RandomUnit, StaysBelowOne) {
  for (int i = 0; i < 1000; ++i) {
    const double unit = RandomUnit();
    EXPECT_GE(unit, 0.0);
    EXPECT_LT(unit, 1.0);
  }
}

TEST(IsName, TakesWhatIsSafeInUrlsLabelsAndPaths) {
  EXPECT_TRUE(IsName("eu-west.1_a"));
  EXPECT_TRUE(IsName(std::string(63, 'a')));
  EXPECT_FALSE(IsName(""));
  EXPECT_FALSE(IsName(std::string(64, 'a')));
  EXPECT_FALSE(IsName("EU"));
  EXPECT_FALSE(IsName("a/b"));
  EXPECT_FALSE(IsName("a b"));
  EXPECT_FALSE(IsName("a\n"));
  EXPECT_FALSE(IsName("m\xc3\xbcnchen"));
}

TEST(IsDomainName, TakesNamesAndNoAddresses) {
  EXPECT_TRUE(IsDomainName("alpha.test"));
  EXPECT_TRUE(IsDomainName("_dmarc.1and1.example"));
  EXPECT_TRUE(IsDomainName("xn--mnchen-3ya.de"));
  EXPECT_TRUE(IsDomainName("192.0.2.1.nip.test"));
  EXPECT_FALSE(IsDomainName("alpha"));
  EXPECT_FALSE(IsDomainName("alpha..test"));
  EXPECT_FALSE(IsDomainName("-alpha.test"));
  EXPECT_FALSE(IsDomainName("192.0.2.1"));
  EXPECT_FALSE(IsDomainName("m\xc3\xbcnchen.de"));
}

}  // namespace
}  // namespace postwatch
