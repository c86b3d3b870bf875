#include "common/base/flags.h"

#include <gtest/gtest.h>

#include <array>

#include "common/base/text.h"

namespace postwatch {
namespace {

using Words = std::vector<std::string>;

constexpr auto kSpecs = std::to_array<FlagSpec>({
    {"config.file", "FILE", "the configuration"},
    {"only", "KIND", "check kinds"},
    {"version", "", "print the version"},
});

absl::StatusOr<Flags> Parse(std::vector<std::string_view> arguments) {
  return Flags::Parse(arguments, kSpecs);
}

std::string Refusal(std::vector<std::string_view> arguments) {
  const absl::StatusOr<Flags> flags = Parse(std::move(arguments));
  if (flags.ok()) return "";
  EXPECT_EQ(flags.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(FromAbsl(flags.status().message()));
}

TEST(Flags, ReadsBothSpellingsSwitchesAndWords) {
  const auto flags = Parse({"check", "--config.file", "a.yaml", "--version", "example.com"});
  ASSERT_TRUE(flags.ok()) << flags.status();
  EXPECT_EQ(flags->Get("config.file"), "a.yaml");
  EXPECT_TRUE(flags->Has("version"));
  EXPECT_FALSE(flags->Has("only"));
  EXPECT_EQ(flags->Get("only", "all"), "all");
  EXPECT_EQ(flags->words(), (Words{"check", "example.com"}));
  EXPECT_EQ(Parse({"--config.file=b=c"})->Get("config.file"), "b=c");
  EXPECT_TRUE(Parse({"--config.file="})->Has("config.file"));
  EXPECT_EQ(Parse({"--config.file="})->Get("config.file", "x"), "");
}

TEST(Flags, OfARepeatedFlagTheLastCountsAndAllAreKept) {
  const auto flags = Parse({"--only", "b", "--only=a", "--only", "c"});
  ASSERT_TRUE(flags.ok()) << flags.status();
  EXPECT_EQ(flags->Get("only"), "c");
  EXPECT_EQ(flags->All("only"), (Words{"b", "a", "c"}));
  EXPECT_EQ(flags->All("config.file"), Words{});
}

TEST(Flags, AValueMayLookLikeAFlag) {
  EXPECT_EQ(Parse({"--config.file", "--version"})->Get("config.file"), "--version");
}

TEST(Flags, TwoDashesEndTheFlags) {
  const auto flags = Parse({"--version", "--", "--only", "--"});
  ASSERT_TRUE(flags.ok()) << flags.status();
  EXPECT_EQ(flags->words(), (Words{"--only", "--"}));
  EXPECT_FALSE(flags->Has("only"));
}

TEST(Flags, SaysWhatIsWrong) {
  EXPECT_EQ(Refusal({"--colour"}), "--colour is not a known flag; see --help");
  EXPECT_EQ(Refusal({"--colour=red"}), "--colour is not a known flag; see --help");
  EXPECT_EQ(Refusal({"--=x"}), "-- is not a known flag; see --help");
  EXPECT_EQ(Refusal({"--version=1"}), "--version takes no value");
  EXPECT_EQ(Refusal({"--only"}), "--only needs a value: KIND");
}

TEST(FlagHelp, AlignsTheTexts) {
  EXPECT_EQ(FlagHelp(kSpecs),
            "  --config.file FILE  the configuration\n"
            "  --only KIND         check kinds\n"
            "  --version           print the version\n");
}

}  // namespace
}  // namespace postwatch
