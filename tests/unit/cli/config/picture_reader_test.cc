#include "cli/config/picture_reader.h"

#include <gtest/gtest.h>

#include "collector/rollout/picture_json.h"

namespace postwatch::cli {
namespace {

using collector::ConfigPicture;
using collector::DigestOf;
using collector::PictureJson;
using collector::PieceKind;

TEST(ReadToldConfig, ReadsWhatTheCollectorWrites) {
  const ConfigPicture picture{
      .revision = "v1",
      .pieces = {{PieceKind::kSetting, "retention", {{"value", "720h"}}, true},
                 {PieceKind::kCheck, "a.test/dns.mx", {{"interval", "1m"}, {"expect", "#01"}}}}};
  const auto told = ReadToldConfig(PictureJson(
      picture, {.file = "/etc/c.yaml", .read = absl::UnixEpoch(), .agents = 3, .waiting = "ff"}));
  ASSERT_TRUE(told.ok()) << told.status();
  EXPECT_EQ(told->file, "/etc/c.yaml");
  EXPECT_EQ(told->digest, DigestOf(picture));
  EXPECT_EQ(told->waiting, "ff");
  EXPECT_EQ(told->agents, 3u);
  EXPECT_EQ(told->picture, picture);
}

TEST(ReadToldConfig, LeavesOutWhatANewerOneMayHave) {
  const auto told = ReadToldConfig(
      R"({"digest":"d","new":1,"agents":-1,"pieces":[{"kind":"moon","name":"x","values":{}},7,)"
      R"({"kind":"sink"},{"kind":"sink","name":"s","values":{"a":1,"b":"c"}}]})");
  ASSERT_TRUE(told.ok()) << told.status();
  EXPECT_EQ(told->agents, 0u);
  ASSERT_EQ(told->picture.pieces.size(), 1u);
  EXPECT_EQ(told->picture.pieces[0].values.size(), 1u);
}

TEST(ReadToldConfig, RefusesAnythingElse) {
  for (const char* other : {"", "[]", "{}", R"({"pieces":[]})", R"({"digest":"d","pieces":{}})",
                            R"({"digest":"d"})", "no json"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ReadToldConfig(other).status())) << other;
  }
}

}  // namespace
}  // namespace postwatch::cli
