#include "common/checks/dns/dns_dnsbl_settings.h"

#include <gtest/gtest.h>

#include "tests/support/yaml_settings.h"

namespace postwatch {
namespace {

using Lines = std::vector<std::string>;

TEST(DnsDnsblSettings, AreRead) {
  Mistakes mistakes;
  EXPECT_TRUE(ReadDnsDnsblSettings(YamlCheck("{}"), mistakes).lists.empty());
  const DnsDnsblSettings told = ReadDnsDnsblSettings(
      YamlCheck("lists: [Zen.spamhaus.org., {zone: bl.test, of: domains, codes: "
                "{127.0.0.2: spam, 127.0.0.4-7: worse}}]\n"
                "addresses: [192.0.2.1]\n"
                "domains: [Alpha.Test]\n"),
      mistakes);
  ASSERT_EQ(told.lists.size(), 2u);
  EXPECT_EQ(told.lists[0].zone, "zen.spamhaus.org");
  EXPECT_EQ(told.lists[0].of, "");
  EXPECT_EQ(told.lists[1].of, "domains");
  ASSERT_EQ(told.lists[1].codes.size(), 2u);
  EXPECT_EQ(told.lists[1].codes[1].first, "127.0.0.4-7");
  EXPECT_EQ(told.lists[1].codes[1].second, "worse");
  EXPECT_EQ(told.addresses, Lines{"192.0.2.1"});
  EXPECT_EQ(told.domains, Lines{"alpha.test"});
  EXPECT_EQ(mistakes.lines(), Lines{});
}

TEST(DnsDnsblSettings, EveryMistakeIsToldAtItsLine) {
  EXPECT_EQ(MistakesOf(ReadDnsDnsblSettings,
                       "lists:\n"
                       "- 'https://bl.test'\n"
                       "- {of: names}\n"
                       "- {zone: bl.test, codes: {128.0.0.1: x}, code: 1}\n"
                       "addresses: [mx.test]\n"
                       "domains: ['a b']\n"),
            (Lines{"c.yaml:2: c.lists[0]: 'https://bl.test' is not a host name",
                   "c.yaml:3: c.lists[1].zone: is missing",
                   "c.yaml:3: c.lists[1].of: 'names' is none of addresses, domains",
                   "c.yaml:4: c.lists[2].codes: '128.0.0.1' must be 127.0.0.2 or 127.0.0.4-7 and a "
                   "meaning",
                   "c.yaml:4: c.lists[2].code: is not a known key",
                   "c.yaml:5: c.addresses: 'mx.test' is not an IP address",
                   "c.yaml:6: c.domains: 'a b' is not a host name"}));
}

}  // namespace
}  // namespace postwatch
