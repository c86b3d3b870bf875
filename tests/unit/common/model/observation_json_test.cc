#include "common/model/observation_json.h"

#include <gtest/gtest.h>

namespace postwatch {
namespace {

TEST(WriteSteps, InOrderWithTheSecondsOfEach) {
  JsonWriter out;
  out.BeginObject();
  WriteSteps(out, {{"connect", absl::Milliseconds(500)}, {"banner", absl::Seconds(1)}});
  out.EndObject();
  EXPECT_EQ(out.Take(),
            R"({"steps":[{"name":"connect","seconds":0.5},{"name":"banner","seconds":1}]})");
}

TEST(WriteSteps, NoneIsAnEmptyList) {
  JsonWriter out;
  out.BeginObject();
  WriteSteps(out, {});
  out.EndObject();
  EXPECT_EQ(out.Take(), R"({"steps":[]})");
}

TEST(WriteReply, TheServersWordsAndTheRule) {
  JsonWriter out;
  out.BeginObject();
  WriteReply(out, Reply{421, "4.3.2", "try \"later\"", "basic.421"});
  out.EndObject();
  EXPECT_EQ(
      out.Take(),
      R"({"reply":{"code":421,"enhanced":"4.3.2","text":"try \"later\"","rule":"basic.421"}})");
}

TEST(WriteReply, NothingWhenNoServerSpoke) {
  JsonWriter out;
  out.BeginObject();
  WriteReply(out, std::nullopt);
  out.EndObject();
  EXPECT_EQ(out.Take(), "{}");
}

}  // namespace
}  // namespace postwatch
