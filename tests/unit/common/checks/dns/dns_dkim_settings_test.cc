#include "common/checks/dns/dns_dkim_settings.h"

#include <gtest/gtest.h>

#include "tests/support/yaml_settings.h"

namespace postwatch {
namespace {

using Lines = std::vector<std::string>;

TEST(DnsDkimSettings, AreRead) {
  Mistakes mistakes;
  EXPECT_TRUE(ReadDnsDkimSettings(YamlCheck("{}"), mistakes).selectors.empty());
  EXPECT_EQ(ReadDnsDkimSettings(YamlCheck("{selectors: [S1, s2.eu, s1]}"), mistakes).selectors,
            (Lines{"s1", "s2.eu"}));
  EXPECT_EQ(mistakes.lines(), Lines{});
}

TEST(DnsDkimSettings, EveryMistakeIsToldAtItsLine) {
  EXPECT_EQ(MistakesOf(ReadDnsDkimSettings,
                       "selectors: [s1._domainkey.alpha.test, 's 1']\n"
                       "selector: s1\n"),
            (Lines{"c.yaml:1: c.selectors: 's1._domainkey.alpha.test' is a whole name; the "
                   "selector is what stands before ._domainkey",
                   "c.yaml:1: c.selectors: 's 1' is not a selector",
                   "c.yaml:2: c.selector: is not a known key"}));
}

}  // namespace
}  // namespace postwatch
