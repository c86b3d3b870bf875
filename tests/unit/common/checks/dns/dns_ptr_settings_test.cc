#include "common/checks/dns/dns_ptr_settings.h"

#include <gtest/gtest.h>

#include "tests/support/yaml_settings.h"

namespace postwatch {
namespace {

using Lines = std::vector<std::string>;

TEST(DnsPtrSettings, AreRead) {
  Mistakes mistakes;
  EXPECT_TRUE(ReadDnsPtrSettings(YamlCheck("{}"), mistakes).senders.empty());
  EXPECT_EQ(
      ReadDnsPtrSettings(YamlCheck("senders: [192.0.2.1, '2001:db8::1']\n"), mistakes).senders,
      (Lines{"192.0.2.1", "2001:db8::1"}));
  EXPECT_EQ(mistakes.lines(), Lines{});
}

TEST(DnsPtrSettings, EveryMistakeIsTold) {
  EXPECT_EQ(MistakesOf(ReadDnsPtrSettings, "senders: [mx.test]\nhost: a\n"),
            (Lines{"c.yaml:1: c.senders: 'mx.test' is not an IP address",
                   "c.yaml:2: c.host: is not a known key"}));
}

}  // namespace
}  // namespace postwatch
