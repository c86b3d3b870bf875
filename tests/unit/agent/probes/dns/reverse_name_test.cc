#include "agent/probes/dns/reverse_name.h"

#include <gtest/gtest.h>

namespace postwatch::agent {
namespace {

TEST(ReverseNameTest, OfBothFamilies) {
  EXPECT_EQ(ReverseName("192.0.2.1"), "1.2.0.192.in-addr.arpa");
  EXPECT_EQ(ReverseName("2001:db8::1f"),
            "f.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
  EXPECT_EQ(ReverseName("mx.alpha.test"), std::nullopt);
}

TEST(IsGenericNameTest, TellsMachinesNamesFromPeoples) {
  for (const char* name :
       {"192-0-2-1.isp.example", "1.2.0.192.rev.isp.example", "ip192x0x2x1.isp.example",
        "host-192-000-002-001.isp.example", "c0000201.isp.example", "dyn7.isp.example",
        "adsl.isp.example", "pool-3.isp.example", "mail.dynamic.isp.example"}) {
    EXPECT_TRUE(IsGenericName(name, "192.0.2.1")) << name;
  }
  for (const char* name : {"mx1.alpha.test", "mail-2.alpha.test", "mx192.alpha.test",
                           "cables.alpha.test", "pooling.alpha.test", "mail.dynamics.example"}) {
    EXPECT_FALSE(IsGenericName(name, "192.0.2.1")) << name;
  }
  EXPECT_TRUE(IsGenericName("2001-0db8-0000-0000-a1b2-c3d4-e5f6-0718.isp.example",
                            "2001:db8::a1b2:c3d4:e5f6:718"));
  EXPECT_TRUE(IsGenericName("h-a1b2c3d4e5f60718.isp.example", "2001:db8::a1b2:c3d4:e5f6:718"));
  EXPECT_FALSE(IsGenericName("mx1.alpha.test", "2001:db8::1"));
  EXPECT_FALSE(IsGenericName("mx1.alpha.test", "no address"));
}

}  // namespace
}  // namespace postwatch::agent
