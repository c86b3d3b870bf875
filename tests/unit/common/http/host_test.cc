#include "common/http/host.h"

#include <gtest/gtest.h>

#include <vector>

namespace postwatch {
namespace {

TEST(HostOf, LeavesOutPortBracketsUserAndTheRootsDot) {
  EXPECT_EQ(HostOf("PW.test"), "pw.test");
  EXPECT_EQ(HostOf("pw.test:7480"), "pw.test");
  EXPECT_EQ(HostOf("pw.test.:7480"), "pw.test");
  EXPECT_EQ(HostOf("192.0.2.1:80"), "192.0.2.1");
  EXPECT_EQ(HostOf("[2001:DB8::1]:80"), "2001:db8::1");
  EXPECT_EQ(HostOf("[::1]"), "::1");
  EXPECT_EQ(HostOf("user:word@pw.test:1"), "pw.test");
}

TEST(HostOf, IsEmptyForWhatIsNoHost) {
  for (const char* bad : {"", ":80", "[::1", "[pw.test]", "pw.test:8x", "::1", "[::1]x", "."}) {
    EXPECT_EQ(HostOf(bad), "") << bad;
  }
  EXPECT_EQ(HostOf(std::string(256, 'a')), "");
}

TEST(HostOfUrl, ReadsTheAuthority) {
  EXPECT_EQ(HostOfUrl("https://PW.test/board?x#y"), "pw.test");
  EXPECT_EQ(HostOfUrl("http://pw.test:7480"), "pw.test");
  EXPECT_EQ(HostOfUrl("http://pw.test?x=@evil.test"), "pw.test");
  EXPECT_EQ(HostOfUrl("http://[::1]:7480/"), "::1");
  EXPECT_EQ(HostOfUrl("pw.test"), "");
}

TEST(IsPlainHost, TakesNamesAsTheyAreCompared) {
  EXPECT_TRUE(IsPlainHost("collector"));
  EXPECT_TRUE(IsPlainHost("pw-1.example_net"));
  for (const char* bad :
       {"", "PW.test", "pw.test:80", "http://pw.test", "pw test", "pw.test.", "*"})
    EXPECT_FALSE(IsPlainHost(bad)) << bad;
}

TEST(IsOurHost, AddressesAndLocalhostAreAlwaysOurs) {
  for (const char* host : {"127.0.0.1", "127.0.0.1:7480", "10.1.2.3:7480", "[::1]:7480", "[::1]",
                           "localhost", "LOCALHOST:7480", "localhost."}) {
    EXPECT_TRUE(IsOurHost(host, {})) << host;
  }
}

TEST(IsOurHost, OtherNamesMustBeKnown) {
  const std::vector<std::string> names = {"pw.example.net", "collector"};
  EXPECT_TRUE(IsOurHost("pw.example.net", names));
  EXPECT_TRUE(IsOurHost("PW.Example.NET:443", names));
  EXPECT_TRUE(IsOurHost("collector:7480", names));
  for (const char* host :
       {"evil.test", "evil.test:7480", "pw.example.net.evil.test", "localhost.evil.test",
        "127.0.0.1.evil.test", "2130706433", "0x7f.1", "127.0.0.1@evil.test", "evil.test@127.0.0.1",
        "example.net", "", ":7480", "127.0.0.1, evil.test"}) {
    EXPECT_FALSE(IsOurHost(host, names)) << host;
  }
}

}  // namespace
}  // namespace postwatch
