#include "common/checks/dns/dns_mtasts_settings.h"

#include <gtest/gtest.h>

#include "tests/support/yaml_settings.h"

namespace postwatch {
namespace {

using Lines = std::vector<std::string>;

TEST(DnsMtaStsSettings, AreRead) {
  Mistakes mistakes;
  EXPECT_EQ(ReadDnsMtaStsSettings(YamlCheck("{}"), mistakes).https_port, 443);
  EXPECT_EQ(ReadDnsMtaStsSettings(YamlCheck("https_port: 8443"), mistakes).https_port, 8443);
  EXPECT_EQ(mistakes.lines(), Lines{});
}

TEST(DnsMtaStsSettings, EveryMistakeIsTold) {
  EXPECT_EQ(MistakesOf(ReadDnsMtaStsSettings, "port: 1\n"),
            Lines{"c.yaml:1: c.port: is not a known key"});
  EXPECT_EQ(MistakesOf(ReadDnsMtaStsSettings, "https_port: 0\n").size(), 1U);
}

}  // namespace
}  // namespace postwatch
