#include "common/checks/dns/dns_dmarc_settings.h"

#include <gtest/gtest.h>

#include "tests/support/yaml_settings.h"

namespace postwatch {
namespace {

using Lines = std::vector<std::string>;

TEST(DnsDmarcSettings, AreRead) {
  Mistakes mistakes;
  EXPECT_EQ(ReadDnsDmarcSettings(YamlCheck("{}"), mistakes).expect_policy, "");
  EXPECT_EQ(ReadDnsDmarcSettings(YamlCheck("{expect_policy: reject}"), mistakes).expect_policy,
            "reject");
  EXPECT_EQ(mistakes.lines(), Lines{});
}

TEST(DnsDmarcSettings, EveryMistakeIsToldAtItsLine) {
  EXPECT_EQ(MistakesOf(ReadDnsDmarcSettings, "expect_policy: strict\nrequire: true\n"),
            (Lines{"c.yaml:1: c.expect_policy: 'strict' is none of none, quarantine, reject",
                   "c.yaml:2: c.require: is not a known key"}));
}

}  // namespace
}  // namespace postwatch
