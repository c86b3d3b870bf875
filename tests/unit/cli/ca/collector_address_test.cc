#include "cli/ca/collector_address.h"

#include <gtest/gtest.h>

namespace postwatch::cli {
namespace {

TEST(IsCollectorAddress, IsWhatAgentsCanJoin) {
  for (const char* good : {"pw.example.net", "pw.example.net:7443", "192.0.2.1:1", "[2001:db8::1]",
                           "[2001:db8::1]:65535"}) {
    EXPECT_TRUE(IsCollectorAddress(good)) << good;
  }
  for (const char* bad : {"", ":7443", "http://x:1", "x/", "x:99999", "x:0", "x:", "x:y", "::1",
                          "2001:db8::1", "x y", "x;y"}) {
    EXPECT_FALSE(IsCollectorAddress(bad)) << bad;
  }
  EXPECT_TRUE(IsCollectorAddress(std::string(253, 'x')));
  EXPECT_FALSE(IsCollectorAddress(std::string(254, 'x')));
}

}  // namespace
}  // namespace postwatch::cli
