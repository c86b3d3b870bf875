#include "common/net/address.h"

#include <gtest/gtest.h>

namespace postwatch {
namespace {

TEST(ParseAddress, TakesIpsWithAndWithoutPort) {
  EXPECT_EQ(AddressText(*ParseAddress("192.0.2.1", 53)), "192.0.2.1:53");
  EXPECT_EQ(AddressText(*ParseAddress("192.0.2.1:5353", 53)), "192.0.2.1:5353");
  EXPECT_EQ(AddressText(*ParseAddress("2001:db8::1", 53)), "[2001:db8::1]:53");
  EXPECT_EQ(AddressText(*ParseAddress("[2001:db8::1]:5353", 53)), "[2001:db8::1]:5353");
  for (const char* bad : {"", "host", "host:53", "192.0.2.1:", "192.0.2.1:0", "192.0.2.1:65536",
                          "192.0.2.1:5x", "[192.0.2.1", "[]:53", "2001:db8::g:53", "1.2.3:53"}) {
    EXPECT_FALSE(ParseAddress(bad, 53).has_value()) << bad;
  }
}

TEST(IsIpLiteral, TakesBothFamiliesAndNothingElse) {
  EXPECT_TRUE(IsIpLiteral("192.0.2.1"));
  EXPECT_TRUE(IsIpLiteral("2001:db8::1"));
  for (const char* bad : {"", "192.0.2", "192.0.2.1:53", "[2001:db8::1]", "example.com"}) {
    EXPECT_FALSE(IsIpLiteral(bad)) << bad;
  }
  EXPECT_FALSE(IsIpLiteral(std::string_view("192.0.2.1\0.2", 12)));
}

}  // namespace
}  // namespace postwatch
