#include "agent/probes/dns/networks.h"

#include <gtest/gtest.h>

namespace postwatch::agent {
namespace {

TEST(InOneNetwork, GoesByWhatIsAnnounced) {
  EXPECT_TRUE(InOneNetwork("192.0.2.1", "192.0.2.254"));
  EXPECT_FALSE(InOneNetwork("192.0.2.1", "192.0.3.1"));
  EXPECT_TRUE(InOneNetwork("2001:db8:1:2::1", "2001:db8:1:3::1"));
  EXPECT_FALSE(InOneNetwork("2001:db8:1::1", "2001:db8:2::1"));
  EXPECT_FALSE(InOneNetwork("192.0.2.1", "2001:db8::1"));
  EXPECT_FALSE(InOneNetwork("", ""));
}

}  // namespace
}  // namespace postwatch::agent
