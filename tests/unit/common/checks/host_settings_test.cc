#include "common/checks/host_settings.h"

#include <gtest/gtest.h>

#include "common/base/text.h"
#include "tests/support/yaml_settings.h"

namespace postwatch {
namespace {

TEST(HostNameMistake, TakesNamesOnly) {
  for (const char* good : {"mx1.example.com", "MX1.Example.COM.", "mx", "_srv.a-b.test"}) {
    EXPECT_EQ(HostNameMistake(good), "") << good;
  }
  for (const std::string& bad :
       {std::string(""), std::string("."), std::string("mx one"), std::string("mx.test:25"),
        std::string("https://mx.test"), std::string("2001:db8::1"), std::string(254, 'a')}) {
    EXPECT_EQ(HostNameMistake(bad), Concat("'", bad, "' is not a host name"));
  }
}

TEST(ReadHost, TakesNamesAndAddresses) {
  const Settings settings = YamlSettings("a: mx.test\nb: 192.0.2.1\nc: '2001:db8::1'\nd: ''\n");
  Mistakes mistakes;
  SettingsReader in(settings, "", mistakes);
  EXPECT_EQ(ReadHost(in, "a"), "mx.test");
  EXPECT_EQ(ReadHost(in, "b"), "192.0.2.1");
  EXPECT_EQ(ReadHost(in, "c"), "2001:db8::1");
  EXPECT_EQ(ReadHost(in, "d"), "");
  EXPECT_EQ(ReadHost(in, "e"), "");
  EXPECT_TRUE(mistakes.empty()) << mistakes.ToStatus();
}

TEST(ReadHost, SaysWhereAPortIsTooMuch) {
  const Settings settings = YamlSettings("x: 1\nhost: mail.test:587\n");
  Mistakes mistakes;
  SettingsReader in(settings, "submission", mistakes);
  ReadHost(in, "host");
  EXPECT_EQ(mistakes.lines(),
            std::vector<std::string>{"c.yaml:2: submission.host: 'mail.test:587' is neither a host "
                                     "name nor an IP address"});
}

}  // namespace
}  // namespace postwatch
