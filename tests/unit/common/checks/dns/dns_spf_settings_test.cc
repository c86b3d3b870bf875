#include "common/checks/dns/dns_spf_settings.h"

#include <gtest/gtest.h>

#include "tests/support/yaml_settings.h"

namespace postwatch {
namespace {

using Lines = std::vector<std::string>;

TEST(DnsSpfSettings, AreRead) {
  Mistakes mistakes;
  const DnsSpfSettings usual = ReadDnsSpfSettings(YamlCheck("{}"), mistakes);
  EXPECT_TRUE(usual.senders.empty());
  EXPECT_FALSE(usual.require);
  const DnsSpfSettings told = ReadDnsSpfSettings(
      YamlCheck("{senders: [192.0.2.1, '2001:db8::1'], require: true}"), mistakes);
  EXPECT_EQ(told.senders, (Lines{"192.0.2.1", "2001:db8::1"}));
  EXPECT_TRUE(told.require);
  EXPECT_EQ(mistakes.lines(), Lines{});
}

TEST(DnsSpfSettings, EveryMistakeIsToldAtItsLine) {
  EXPECT_EQ(MistakesOf(ReadDnsSpfSettings,
                       "senders: [mail.test]\n"
                       "require: maybe\n"),
            (Lines{"c.yaml:1: c.senders: 'mail.test' is not an IP address",
                   "c.yaml:2: c.require: 'maybe' is neither true nor false"}));
  std::string many = "senders: [192.0.2.1";
  for (int i = 0; i < 16; ++i) many += ", 192.0.2.1";
  EXPECT_EQ(MistakesOf(ReadDnsSpfSettings, many + "]\n"),
            Lines{"c.yaml:1: c.senders: at most 16 addresses"});
}

}  // namespace
}  // namespace postwatch
