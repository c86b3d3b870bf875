#include "common/checks/dns/dns_caa_settings.h"

#include <gtest/gtest.h>

#include "tests/support/yaml_settings.h"

namespace postwatch {
namespace {

using Lines = std::vector<std::string>;

TEST(DnsCaaSettings, AreRead) {
  Mistakes mistakes;
  EXPECT_EQ(ReadDnsCaaSettings(YamlCheck("{}"), mistakes).issuer, "");
  const DnsCaaSettings told =
      ReadDnsCaaSettings(YamlCheck("{issuer: letsencrypt.org, hosts: [MX.alpha.test.]}"), mistakes);
  EXPECT_EQ(told.issuer, "letsencrypt.org");
  EXPECT_EQ(told.hosts, Lines{"mx.alpha.test"});
  EXPECT_EQ(mistakes.lines(), Lines{});
}

TEST(DnsCaaSettings, EveryMistakeIsToldAtItsLine) {
  EXPECT_EQ(MistakesOf(ReadDnsCaaSettings, "issuer: Let's Encrypt\nhosts: ['a b']\n"),
            (Lines{"c.yaml:1: c.issuer: 'Let's Encrypt' is not a host name",
                   "c.yaml:2: c.hosts: 'a b' is not a host name"}));
}

}  // namespace
}  // namespace postwatch
