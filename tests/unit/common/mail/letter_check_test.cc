#include "common/mail/letter_check.h"

#include <gtest/gtest.h>

#include "absl/strings/str_replace.h"
#include "common/base/text.h"

namespace postwatch {
namespace {

TEST(LetterCheckTest, TheBodyHoldsEverythingThatIsKnownToBreak) {
  const std::string body = LetterBody("TOKEN");
  EXPECT_TRUE(body.starts_with("Postwatch probe TOKEN\r\n"));
  for (const char* part : {"\r\n.\r\n", "\r\n..\r\n", "\r\n.x ", "\r\nFrom ", " = ", "=3D",
                           "  \r\n", "\t\r\n", "\tinside", "\xe2\x82\xac", "ends ---\r\n"}) {
    EXPECT_NE(body.find(part), body.npos) << part;
  }
  EXPECT_FALSE(body.ends_with("\r\n\r\n"));
  EXPECT_EQ(body.find("http"), body.npos);
}

TEST(LetterCheckTest, EachDegreeOfChangeHasAName) {
  const std::string sent = LetterBody("TOKEN");
  const auto degree = [&sent](const std::string& got) {
    return IntegrityName(CompareBody(got, sent));
  };
  EXPECT_EQ(degree(sent), "exact");
  EXPECT_EQ(degree(absl::StrReplaceAll(sent, {{"\r\n", "\n"}})), "canonical");
  EXPECT_EQ(degree(absl::StrReplaceAll(sent, {{"  \r\n", "\r\n"}})), "canonical");
  EXPECT_EQ(degree(sent + "\r\n\r\n"), "canonical");
  EXPECT_EQ(degree("[External]\r\n" + sent), "rewritten");
  EXPECT_EQ(degree(sent + "-- \r\nA footer\r\n"), "rewritten");
  EXPECT_EQ(degree(absl::StrReplaceAll(sent, {{"\r\nFrom here", "\r\n>From here"}})), "corrupted");
  EXPECT_EQ(degree(absl::StrReplaceAll(sent, {{"\r\n..\r\n", "\r\n.\r\n"}})), "corrupted");
  EXPECT_EQ(degree(absl::StrReplaceAll(sent, {{"\xe2\x82\xac", "?"}})), "corrupted");
  EXPECT_EQ(degree(""), "corrupted");
}

TEST(LetterCheckTest, TheLongLineIsAsLongAsALineMayBe) {
  const std::string line = LongLine();
  EXPECT_EQ(line.size(), 998u);
  EXPECT_EQ(line.find_first_of("\r\n"), line.npos);
  EXPECT_EQ(CheckLongLine({"text\r\n", line + "\r\n"}), LineState::kWhole);
  EXPECT_EQ(CheckLongLine({line + "\r\n\r\na footer\r\n"}), LineState::kWhole);
  EXPECT_EQ(CheckLongLine({line.substr(0, 500) + "\r\n " + line.substr(500)}), LineState::kBroken);
  EXPECT_EQ(CheckLongLine({line.substr(0, 900)}), LineState::kDamaged);
  EXPECT_EQ(CheckLongLine({"text\r\n"}), LineState::kDamaged);
}

TEST(LetterCheckTest, AHeaderAsWrittenHasNoChange) {
  const ProbeToken token{std::string(32, 'a'), "r", absl::FromUnixSeconds(1793620800)};
  const std::string headers =
      "From: <a@b>\r\nTo: <c@d>\r\nDate: Mon, 02 Nov 2026 12:00:00 +0000\r\n"
      "Message-ID: <TOKEN@b>\r\nSubject: [mail-probe] r aaaaaaaa\r\nX-Probe-Token: TOKEN\r\n";
  const HeaderCheck check = CheckHeaders(headers, token, "TOKEN");
  EXPECT_EQ(Join(check.changes, "; ") + check.damage, "");
  const HeaderCheck bare = CheckHeaders("", token, "TOKEN");
  EXPECT_EQ(Join(bare.changes, "; "),
            "the Message-ID was replaced; the field X-Probe-Token was removed");
  EXPECT_EQ(bare.damage, "the field Date is gone");
}

}  // namespace
}  // namespace postwatch
