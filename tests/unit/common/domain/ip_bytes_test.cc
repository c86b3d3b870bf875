#include "common/domain/ip_bytes.h"

#include <gtest/gtest.h>

namespace postwatch {
namespace {

TEST(IpBytes, AreFourOrSixteen) {
  EXPECT_EQ(IpBytes("192.0.2.1"), std::string("\xc0\0\x02\x01", 4));
  EXPECT_EQ(IpBytes("::ffff:192.0.2.1"), IpBytes("192.0.2.1"));
  EXPECT_EQ(IpBytes("2001:db8::1").size(), 16u);
  EXPECT_EQ(IpBytes("192.0.2"), "");
  EXPECT_EQ(IpBytes("192.0.2.1 "), "");
  EXPECT_EQ(IpBytes(""), "");
  EXPECT_EQ(IpBytes(std::string_view("192.0.2.1\0.2", 12)), "");
}

TEST(IpBytes, SharePrefixesToTheBit) {
  EXPECT_TRUE(SharesPrefix(IpBytes("192.0.2.127"), IpBytes("192.0.2.0"), 25));
  EXPECT_FALSE(SharesPrefix(IpBytes("192.0.2.128"), IpBytes("192.0.2.0"), 25));
  EXPECT_TRUE(SharesPrefix(IpBytes("192.0.2.128"), IpBytes("10.0.0.0"), 0));
  EXPECT_TRUE(SharesPrefix(IpBytes("2001:db8::1"), IpBytes("2001:db8::1"), 128));
  EXPECT_FALSE(SharesPrefix(IpBytes("2001:db8::1"), IpBytes("192.0.2.1"), 0));
  EXPECT_FALSE(SharesPrefix(IpBytes("192.0.2.1"), IpBytes("192.0.2.1"), 33));
}

TEST(IpBytes, MakeNamesOfTheDns) {
  EXPECT_EQ(ReversedIpLabels(IpBytes("192.0.2.1")), "1.2.0.192");
  EXPECT_EQ(ReverseName(IpBytes("192.0.2.1")), "1.2.0.192.in-addr.arpa");
  EXPECT_EQ(ReverseName(IpBytes("2001:db8::ab")),
            "b.a.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
}

}  // namespace
}  // namespace postwatch
