#include "collector/rollout/changes.h"

#include <gtest/gtest.h>

namespace postwatch::collector {
namespace {

using Lines = std::vector<std::string>;

ConfigPiece Check(const std::string& name, const std::string& interval,
                  const std::string& gap = "0") {
  return {PieceKind::kCheck, name, {{"interval", interval}, {"fleet_gap", gap}}};
}
ConfigPiece Target(const std::string& name) {
  return {PieceKind::kTarget, name, {{"provider", "own"}}};
}

std::vector<ConfigChange> Compare(std::vector<ConfigPiece> now, std::vector<ConfigPiece> wanted,
                                  size_t agents = 1) {
  return CompareConfigs({.pieces = std::move(now)}, {.pieces = std::move(wanted)}, agents);
}

Lines Told(std::vector<ConfigPiece> now, std::vector<ConfigPiece> wanted) {
  return ChangeLines(Compare(std::move(now), std::move(wanted)));
}

TEST(CompareConfigs, FindsNothingBetweenEquals) {
  EXPECT_EQ(Told({Target("a.test"), Check("a.test/dns.mx", "1m")},
                 {Target("a.test"), Check("a.test/dns.mx", "1m")}),
            Lines{});
}

TEST(CompareConfigs, AnotherRevisionIsNoChange) {
  EXPECT_TRUE(CompareConfigs({.revision = "v1"}, {.revision = "v2"}, 1).empty());
}

TEST(CompareConfigs, ShowsWhatIsPlainAndHidesTheRest) {
  ConfigPiece before = Check("a.test/dns.mx", "1m"), after = Check("a.test/dns.mx", "30s");
  before.values["expect"] = "#0011223344556677";
  after.values["expect"] = "#8899aabbccddeeff";
  before.values["private"] = "#1";
  after.values["sender"] = "#2";
  EXPECT_EQ(Told({before}, {after}),
            Lines{"~ check a.test/dns.mx: expect changed, interval 1m -> 30s, private removed, "
                  "sender added"});
}

TEST(CompareConfigs, ASettingIsItsValue) {
  ConfigPiece before{PieceKind::kSetting, "retention", {{"value", "720h"}}, true};
  ConfigPiece after = before;
  after.values["value"] = "24h";
  EXPECT_EQ(Told({before}, {after}), Lines{"~ setting retention: 720h -> 24h (at a restart)"});
  EXPECT_EQ(Told({}, {after}), Lines{"+ setting retention (at a restart)"});
}

TEST(CompareConfigs, ATargetTellsItsChecksWithIt) {
  EXPECT_EQ(Told({Target("a.test"), Check("a.test/dns.mx", "1m")},
                 {Target("b.test"), Check("b.test/dns.mx", "1m"), Check("b.test/smtp.mx", "1m")}),
            (Lines{"- target a.test: 1 check", "+ target b.test: 2 checks"}));
}

TEST(CompareConfigs, ChecksOfATargetThatStaysAreToldByThemselves) {
  EXPECT_EQ(Told({Target("a.test"), Check("a.test/dns.mx", "1m")},
                 {Target("a.test"), Check("a.test/smtp.mx", "1m"), Check("witness", "30s")}),
            (Lines{"- check a.test/dns.mx", "+ check a.test/smtp.mx", "+ check witness"}));
}

TEST(CompareConfigs, CountsTheRunsOfTheFleet) {
  const auto more = [](const std::string& before, const std::string& after, const char* gap,
                       size_t agents) {
    return Compare({Check("a.test/c", before, gap)}, {Check("a.test/c", after, gap)}, agents)
        .at(0)
        .runs_per_hour;
  };
  EXPECT_DOUBLE_EQ(more("1m", "30s", "0", 1), 60);
  EXPECT_DOUBLE_EQ(more("1m", "2m", "0", 3), -90);
  EXPECT_DOUBLE_EQ(more("1m", "30s", "40s", 3), 0);  // the gap allows 90 in either case
  EXPECT_DOUBLE_EQ(more("2m", "1m", "30s", 3), 30);  // 90, then 120 of 180
  const auto gone =
      Compare({Target("a.test"), Check("a.test/c", "1m"), Check("a.test/d", "2m")}, {});
  ASSERT_EQ(gone.size(), 1u);
  EXPECT_DOUBLE_EQ(gone[0].runs_per_hour, -90);
}

TEST(ChangeLines, OneKindOfCheckAtManyTargetsIsOneLine) {
  std::vector<ConfigPiece> now, wanted;
  for (const char* target : {"a.test", "b.test", "c.test", "d.test"}) {
    const std::string name = std::string(target) + "/dns.mx";
    now.push_back(Check(name, "1m"));
    wanted.push_back(Check(name, "30s"));
  }
  wanted.push_back(Check("a.test/dns.spf", "1h"));
  EXPECT_EQ(Told(now, wanted),
            (Lines{"~ check dns.mx of 4 targets (a.test, b.test, c.test, ...): interval 1m -> 30s",
                   "+ check a.test/dns.spf"}));
}

TEST(ChangeLines, ChecksThatChangeInSeveralWaysAreToldApart) {
  EXPECT_EQ(
      Told({Check("a.test/c", "1m"), Check("b.test/c", "1m")},
           {Check("a.test/c", "30s"), Check("b.test/c", "20s")}),
      (Lines{"~ check a.test/c: interval 1m -> 30s", "~ check b.test/c: interval 1m -> 20s"}));
}

}  // namespace
}  // namespace postwatch::collector
