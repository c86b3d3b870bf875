#include "collector/rollout/picture.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "common/base/text.h"
#include "tests/support/yaml_settings.h"

namespace postwatch::collector {
namespace {

CollectorConfig Config() {
  CollectorConfig config;
  config.http_listen = "127.0.0.1:7480";
  config.store = "sqlite:c.db";
  config.retention = absl::Hours(720);
  config.sinks = {{"pager", "webhook", YamlSettings("{url: 'https://h/tok3n', headers: {a: b}}")}};
  config.source = YamlSettings("tls: {ca: ca.pem, key: k.pem}\nretention: 720h\n");
  TargetConfig target{.domain = "a.test", .provider = "own"};
  target.mailbox = YamlSettings("{address: p@a.test, password: {file: /run/p}}");
  config.targets = {target};
  return config;
}

FleetPlan Plan() {
  CheckSpec check{.id = "a.test/dns.mx",
                  .interval = absl::Minutes(1),
                  .timeout = absl::Seconds(20),
                  .settings = YamlSettings("{expect: [mx.a.test], mailbox: {address: x}}")};
  return {.checks = {check}, .revision = "v1"};
}

const ConfigPiece* Find(const ConfigPicture& picture, PieceKind kind, std::string_view name) {
  const auto is_it = [&](const ConfigPiece& p) { return p.kind == kind && p.name == name; };
  const auto found = std::ranges::find_if(picture.pieces, is_it);
  return found == picture.pieces.end() ? nullptr : &*found;
}

TEST(DescribeConfig, HasAPieceForEverythingThatMayChange) {
  const ConfigPicture picture = DescribeConfig(Config(), Plan());
  EXPECT_EQ(picture.revision, "v1");
  const ConfigPiece& retention = *Find(picture, PieceKind::kSetting, "retention");
  EXPECT_EQ(retention.values.at("value"), "720h");
  EXPECT_TRUE(retention.needs_restart);
  EXPECT_NE(Find(picture, PieceKind::kSetting, "tls.ca"), nullptr);
  EXPECT_FALSE(Find(picture, PieceKind::kSetting, "round_trip_floor")->needs_restart);
  const ConfigPiece& target = *Find(picture, PieceKind::kTarget, "a.test");
  EXPECT_EQ(target.values.at("provider"), "own");
  EXPECT_TRUE(target.values.contains("mailbox.password.file"));
  const ConfigPiece& check = *Find(picture, PieceKind::kCheck, "a.test/dns.mx");
  EXPECT_EQ(check.values.at("interval"), "1m");
  EXPECT_TRUE(check.values.contains("expect"));
  EXPECT_FALSE(check.values.contains("mailbox.address"));  // the target's
  EXPECT_FALSE(check.needs_restart);
  const ConfigPiece& sink = *Find(picture, PieceKind::kSink, "pager");
  EXPECT_TRUE(sink.needs_restart);
  EXPECT_TRUE(sink.values.contains("headers.a"));
}

TEST(DescribeConfig, ShowsNoValueThatMayBeASecret) {
  for (const ConfigPiece& piece : DescribeConfig(Config(), Plan()).pieces) {
    for (const auto& [key, value] : piece.values) {
      EXPECT_EQ(value.find("tok3n"), value.npos) << piece.name << " " << key;
      EXPECT_EQ(value.find("sqlite"), value.npos) << piece.name << " " << key;
    }
  }
  const ConfigPicture picture = DescribeConfig(Config(), Plan());
  const std::string url = Find(picture, PieceKind::kSink, "pager")->values.at("url");
  EXPECT_EQ(url.size(), 17u);
  EXPECT_EQ(url[0], '#');
}

TEST(DescribeConfig, TellsValuesOfOneTextAndOfSeveralApart) {
  CollectorConfig one = Config(), two = Config();
  one.sinks[0].settings = YamlSettings("{urls: ['a,b']}");
  two.sinks[0].settings = YamlSettings("{urls: [a, b]}");
  EXPECT_NE(DigestOf(DescribeConfig(one, {})), DigestOf(DescribeConfig(two, {})));
}

TEST(DigestOf, IsTheSameForTheSamePiecesWhateverTheRevision) {
  FleetPlan plan = Plan();
  const std::string digest = DigestOf(DescribeConfig(Config(), plan));
  EXPECT_EQ(digest.size(), 32u);
  plan.revision = "v2";
  EXPECT_EQ(DigestOf(DescribeConfig(Config(), plan)), digest);
  plan.checks[0].interval = absl::Seconds(30);
  EXPECT_NE(DigestOf(DescribeConfig(Config(), plan)), digest);
}

TEST(InForce, KeepsWhatNeedsARestart) {
  const ConfigPicture now = DescribeConfig(Config(), Plan());
  CollectorConfig wanted = Config();
  wanted.retention = absl::Hours(24);
  wanted.sinks.clear();
  wanted.targets.clear();
  const ConfigPicture in_force = InForce(now, DescribeConfig(wanted, {.revision = "v2"}));
  EXPECT_EQ(in_force.revision, "v2");
  EXPECT_EQ(Find(in_force, PieceKind::kSetting, "retention")->values.at("value"), "720h");
  EXPECT_NE(Find(in_force, PieceKind::kSink, "pager"), nullptr);
  EXPECT_EQ(Find(in_force, PieceKind::kTarget, "a.test"), nullptr);
  EXPECT_EQ(Find(in_force, PieceKind::kCheck, "a.test/dns.mx"), nullptr);
}

TEST(PieceKindName, IsReadBack) {
  for (const PieceKind kind :
       {PieceKind::kSetting, PieceKind::kSink, PieceKind::kTarget, PieceKind::kCheck}) {
    EXPECT_EQ(ParsePieceKind(PieceKindName(kind)), kind);
  }
  EXPECT_EQ(ParsePieceKind("thing"), std::nullopt);
}

}  // namespace
}  // namespace postwatch::collector
