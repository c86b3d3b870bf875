#include "collector/rollout/picture_json.h"

#include <gtest/gtest.h>

#include "common/base/text.h"

namespace postwatch::collector {
namespace {

TEST(PictureJson, HoldsEveryField) {
  const ConfigPicture picture{
      .revision = "v1",
      .pieces = {{PieceKind::kSink, "pager", {{"type", "webhook"}, {"url", "#0123"}}, true}}};
  EXPECT_EQ(
      PictureJson(
          picture,
          {.file = "/etc/c.yaml", .read = absl::FromUnixSeconds(0), .agents = 3, .waiting = "ff"}),
      Concat(R"({"file":"/etc/c.yaml","read":"1970-01-01T00:00:00.000Z","revision":"v1",)",
             R"("digest":")", DigestOf(picture), R"(","waiting":"ff","agents":3,)",
             R"("pieces":[{"kind":"sink","name":"pager",)",
             R"("values":{"type":"webhook","url":"#0123"},"needs_restart":true}]})"));
}

TEST(PictureJson, TellsWaitingOnlyWhenSomethingWaits) {
  EXPECT_EQ(PictureJson({}, {.read = absl::UnixEpoch()}).find("waiting"), std::string::npos);
}

}  // namespace
}  // namespace postwatch::collector
