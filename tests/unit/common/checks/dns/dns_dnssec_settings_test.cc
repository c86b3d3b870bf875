#include "common/checks/dns/dns_dnssec_settings.h"

#include <gtest/gtest.h>

#include "tests/support/yaml_settings.h"

namespace postwatch {
namespace {

using Lines = std::vector<std::string>;

TEST(DnsDnssecSettings, AreNone) {
  EXPECT_EQ(MistakesOf(ReadDnsDnssecSettings, "{}"), Lines{});
  EXPECT_EQ(MistakesOf(ReadDnsDnssecSettings, "servers: [ns1.test]\n"),
            Lines{"c.yaml:1: c.servers: is not a known key"});
}

TEST(DnsDnssecSettings, NeedATarget) {
  CheckSpec check = YamlCheck("{}");
  check.target.clear();
  Mistakes mistakes;
  ReadDnsDnssecSettings(check, mistakes);
  EXPECT_EQ(mistakes.lines(), Lines{"c: needs a target domain"});
}

}  // namespace
}  // namespace postwatch
