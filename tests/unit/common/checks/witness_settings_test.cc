#include "common/checks/witness_settings.h"

#include <gtest/gtest.h>

#include "tests/support/yaml_settings.h"

namespace postwatch {
namespace {

using Lines = std::vector<std::string>;

TEST(WitnessSettings, AreRead) {
  Mistakes mistakes;
  const WitnessSettings usual =
      ReadWitnessSettings(YamlCheck("anchors: ['192.0.2.1:443', '[2001:db8::1]:25']\n"), mistakes);
  ASSERT_EQ(usual.anchors.size(), 2u);
  EXPECT_EQ(AddressText(usual.anchors[1]), "[2001:db8::1]:25");
  EXPECT_EQ(usual.zone, "");
  EXPECT_TRUE(usual.port25.empty());
  EXPECT_TRUE(usual.trust.empty());
  EXPECT_EQ(usual.max_loop_lag, absl::Seconds(1));
  EXPECT_EQ(usual.max_clock_jump, absl::Seconds(2));
  const WitnessSettings told = ReadWitnessSettings(
      YamlCheck("{anchors: ['192.0.2.1:443'], zone: neutral.test, port25: "
                "[192.0.2.25], trust: [www.one.test], max_loop_lag: 2s, max_clock_jump: 3s}"),
      mistakes);
  EXPECT_EQ(told.zone, "neutral.test");
  EXPECT_EQ(told.port25, Lines{"192.0.2.25"});
  EXPECT_EQ(told.trust, Lines{"www.one.test"});
  EXPECT_EQ(told.max_loop_lag, absl::Seconds(2));
  EXPECT_EQ(told.max_clock_jump, absl::Seconds(3));
  EXPECT_EQ(mistakes.lines(), Lines{});
}

TEST(WitnessSettings, EveryMistakeIsToldAtItsLine) {
  EXPECT_EQ(MistakesOf(ReadWitnessSettings,
                       "anchors: [foo,\n"
                       "  192.0.2.1, 'example.net:443']\n"
                       "zone: not a name\n"
                       "port25: ['192.0.2.25:25']\n"
                       "max_loop_lag: 1\n"
                       "max_clock_jump: 1ms\n"
                       "anchor: x\n"),
            (Lines{"c.yaml:1: c.anchors: 'foo' is not ip:port",
                   "c.yaml:2: c.anchors: '192.0.2.1' is not ip:port",
                   "c.yaml:2: c.anchors: 'example.net:443' is not ip:port",
                   "c.yaml:4: c.port25: '192.0.2.25:25' is not an IP address",
                   "c.yaml:3: c.zone: 'not a name' is not a host name",
                   "c.yaml:5: c.max_loop_lag: '1' is not a duration such as 250ms, 30s, 5m or "
                   "1h30m",
                   "c.yaml:6: c.max_clock_jump: 1ms is not between 100ms and 1h",
                   "c.yaml:7: c.anchor: is not a known key"}));
}

TEST(WitnessSettings, NeedOneToEightAnchors) {
  EXPECT_EQ(MistakesOf(ReadWitnessSettings, "{}"),
            Lines{"c.yaml:1: c.anchors: is missing; name at least one ip:port"});
  EXPECT_EQ(MistakesOf(ReadWitnessSettings, "anchors: []\n"),
            Lines{"c.yaml:1: c.anchors: must name at least one ip:port"});
  std::string many = "anchors: [";
  for (int i = 1; i <= 9; ++i) many += "'192.0.2." + std::to_string(i) + ":443', ";
  EXPECT_EQ(MistakesOf(ReadWitnessSettings, many + "]\n"),
            Lines{"c.yaml:1: c.anchors: must name at most 8"});
}

}  // namespace
}  // namespace postwatch
