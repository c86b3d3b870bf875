#include "common/checks/dns/dns_delegation_settings.h"

#include <gtest/gtest.h>

#include "tests/support/yaml_settings.h"

namespace postwatch {
namespace {

using Lines = std::vector<std::string>;

TEST(DnsDelegationSettings, AreNone) {
  EXPECT_EQ(MistakesOf(ReadDnsDelegationSettings, "{}"), Lines{});
  EXPECT_EQ(MistakesOf(ReadDnsDelegationSettings, "servers: [ns1.test]\n"),
            Lines{"c.yaml:1: c.servers: is not a known key"});
}

TEST(DnsDelegationSettings, NeedATarget) {
  CheckSpec check = YamlCheck("{}");
  check.target.clear();
  Mistakes mistakes;
  ReadDnsDelegationSettings(check, mistakes);
  EXPECT_EQ(mistakes.lines(), Lines{"c: needs a target domain"});
}

}  // namespace
}  // namespace postwatch
