#include "common/checks/dns/dns_mx_settings.h"

#include <gtest/gtest.h>

#include "tests/support/yaml_settings.h"

namespace postwatch {
namespace {

using Lines = std::vector<std::string>;

TEST(DnsMxSettings, AreRead) {
  Mistakes mistakes;
  const DnsMxSettings usual = ReadDnsMxSettings(YamlCheck("{}"), mistakes);
  EXPECT_TRUE(usual.expect.empty());
  EXPECT_FALSE(usual.allow_private);
  const DnsMxSettings told =
      ReadDnsMxSettings(YamlCheck("{expect: [MX2.test., mx1.test], private: allow}"), mistakes);
  EXPECT_EQ(told.expect, (std::set<std::string>{"mx1.test", "mx2.test"}));
  EXPECT_TRUE(told.allow_private);
  EXPECT_EQ(mistakes.lines(), Lines{});
}

TEST(DnsMxSettings, EveryMistakeIsToldAtItsLine) {
  EXPECT_EQ(MistakesOf(ReadDnsMxSettings,
                       "expect: [mx.test, 'mx.test:25',\n"
                       "  {host: mx.test}]\n"
                       "private: maybe\n"
                       "intervall: 3s\n"),
            (Lines{"c.yaml:1: c.expect: 'mx.test:25' is not a host name",
                   "c.yaml:2: c.expect: must hold single values, but one is a map",
                   "c.yaml:3: c.private: 'maybe' is none of report, allow",
                   "c.yaml:4: c.intervall: is not a known key"}));
  EXPECT_EQ(MistakesOf(ReadDnsMxSettings, "expect: mx.test\n"),
            Lines{"c.yaml:1: c.expect: must be a list, but is a single value"});
}

TEST(DnsMxSettings, NeedATarget) {
  CheckSpec check = YamlCheck("{}");
  check.target.clear();
  Mistakes mistakes;
  ReadDnsMxSettings(check, mistakes);
  EXPECT_EQ(mistakes.lines(), Lines{"c: needs a target domain"});
}

}  // namespace
}  // namespace postwatch
