#include "common/domain/mtasts_policy.h"

#include <gtest/gtest.h>

#include "common/base/text.h"

namespace postwatch {
namespace {

std::string RecordMistake(std::string_view text) {
  return std::string(ParseMtaStsRecord(text).status().message());
}

std::string PolicyMistake(std::string_view text) {
  return std::string(ParseMtaStsPolicy(text).status().message());
}

TEST(MtaStsRecord, WhichTextsAreMeant) {
  EXPECT_TRUE(IsMtaStsRecord("v=STSv1; id=1"));
  EXPECT_TRUE(IsMtaStsRecord("v=STSv1;id=1"));
  EXPECT_TRUE(IsMtaStsRecord("v=STSv1"));
  EXPECT_FALSE(IsMtaStsRecord("v=STSv10; id=1"));
  EXPECT_FALSE(IsMtaStsRecord("v=stsv1; id=1"));
  EXPECT_FALSE(IsMtaStsRecord(" v=STSv1; id=1"));
  EXPECT_FALSE(IsMtaStsRecord("id=1; v=STSv1"));
}

TEST(MtaStsRecord, IsRead) {
  EXPECT_EQ(ParseMtaStsRecord("v=STSv1; id=20160831085700Z;")->id, "20160831085700Z");
  EXPECT_EQ(ParseMtaStsRecord("v=STSv1 ; id = a1 ; later=x")->id, "a1");
}

TEST(MtaStsRecord, MistakesAreNamed) {
  EXPECT_EQ(RecordMistake("v=STSv1;"), "it has no id");
  EXPECT_EQ(RecordMistake("v=STSv1; id=;"), "the id '' is not 1 to 32 letters and digits");
  EXPECT_EQ(RecordMistake("v=STSv1; id=2026-11-02"),
            "the id '2026-11-02' is not 1 to 32 letters and digits");
  EXPECT_NE(RecordMistake(Concat("v=STSv1; id=", std::string(33, '1'))), "");
  EXPECT_EQ(RecordMistake("id=1; v=STSv1"), "it does not begin with v=STSv1");
  EXPECT_EQ(RecordMistake("v=STSv1; id=1; id=2"), "the tag id comes twice");
  EXPECT_EQ(RecordMistake(""), "it does not begin with v=STSv1");
}

TEST(MtaStsPolicy, TheExampleOfTheRfc) {
  const absl::StatusOr<MtaStsPolicy> policy = ParseMtaStsPolicy(
      "version: STSv1\r\nmode: enforce\r\nmx: mail.example.com\r\nmx: *.Example.net\r\n"
      "mx: backupmx.example.com\r\nmax_age: 604800\r\n");
  ASSERT_TRUE(policy.ok()) << policy.status();
  EXPECT_EQ(policy->mode, MtaStsMode::kEnforce);
  EXPECT_EQ(policy->max_age, absl::Hours(7 * 24));
  EXPECT_TRUE(policy->Covers("MAIL.example.com."));
  EXPECT_TRUE(policy->Covers("mx1.example.net"));
  EXPECT_TRUE(policy->Covers("backupmx.example.com"));
  // One label and no more, no less.
  EXPECT_FALSE(policy->Covers("a.mx1.example.net"));
  EXPECT_FALSE(policy->Covers("example.net"));
  EXPECT_FALSE(policy->Covers(".example.net"));
  EXPECT_FALSE(policy->Covers("other.example.com"));
  EXPECT_FALSE(policy->Covers(""));
}

TEST(MtaStsPolicy, ModesAndRepeatedKeys) {
  const absl::StatusOr<MtaStsPolicy> none =
      ParseMtaStsPolicy("max_age:0\nmode:none\nfuture-key: x y\nversion:STSv1");
  ASSERT_TRUE(none.ok()) << none.status();
  EXPECT_EQ(MtaStsModeName(none->mode), "none");
  EXPECT_EQ(none->max_age, absl::ZeroDuration());
  const absl::StatusOr<MtaStsPolicy> first = ParseMtaStsPolicy(
      "version: STSv1\nmode: testing\nmode: enforce\nmx: a.test\nmax_age: 1\nmax_age: x\n");
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->mode, MtaStsMode::kTesting);
}

TEST(MtaStsPolicy, MistakesAreNamed) {
  EXPECT_EQ(PolicyMistake(""), "there is no version");
  EXPECT_EQ(PolicyMistake("version: STSv2\n"), "the version is 'STSv2', not STSv1");
  EXPECT_EQ(PolicyMistake("version: STSv1\nmx: a.test\nmax_age: 1\n"), "there is no mode");
  EXPECT_EQ(PolicyMistake("version: STSv1\nmode: Enforce\n"),
            "the mode 'Enforce' is none of none, testing, enforce");
  EXPECT_EQ(PolicyMistake("version: STSv1\nmode: none\n"), "there is no max_age");
  EXPECT_EQ(PolicyMistake("version: STSv1\nmode: none\nmax_age: 31557601\n"),
            "the max_age '31557601' is no number of seconds up to 31557600");
  EXPECT_EQ(PolicyMistake("version: STSv1\nmode: none\nmax_age: -1\n"),
            "the max_age '-1' is no number of seconds up to 31557600");
  EXPECT_EQ(PolicyMistake("version: STSv1\nmode: enforce\nmax_age: 1\n"), "there is no mx");
  EXPECT_EQ(PolicyMistake("version: STSv1\n\n<html>\n"), "line 3: '<html>' is not key: value");
  EXPECT_EQ(PolicyMistake("mx: *.*.test\n"), "line 1: '*.*.test' is no mx pattern");
  EXPECT_EQ(PolicyMistake("mx: *\n"), "line 1: '*' is no mx pattern");
  EXPECT_EQ(PolicyMistake("mx: .a.test\n"), "line 1: '.a.test' is no mx pattern");
  std::string many;
  for (int i = 0; i < 300; ++i) many += "mx: a.test\n";
  EXPECT_EQ(PolicyMistake(many), "line 257: too many mx patterns");
}

}  // namespace
}  // namespace postwatch
