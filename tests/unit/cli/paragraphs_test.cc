#include "cli/paragraphs.h"

#include <gtest/gtest.h>

namespace postwatch::cli {
namespace {

TEST(Paragraph, BreaksBetweenWordsAndIndentsTheRest) {
  const std::string word(40, 'a');
  EXPECT_EQ(Paragraph("  - ", word + " " + word + "  " + word + " end"),
            "  - " + word + " " + word + "\n    " + word + " end\n");
  EXPECT_EQ(Paragraph("", "one two"), "one two\n");
  EXPECT_EQ(Paragraph("  ", ""), "");
  EXPECT_EQ(Paragraph("  ", " "), "");
}

TEST(Paragraph, NoLineIsWiderThanThePage) {
  const std::string full(kPageWidth - 6, 'x');
  EXPECT_EQ(Paragraph("  ", full + " abc"), "  " + full + " abc\n");
  EXPECT_EQ(Paragraph("  ", full + " abcd"), "  " + full + "\n  abcd\n");
  const std::string longer(kPageWidth + 5, 'x');
  EXPECT_EQ(Paragraph("  ", longer + " a"), "  " + longer + "\n  a\n");
}

TEST(Paragraph, APercentSignStaysWithItsNumber) {
  const std::string full(kPageWidth - 3, 'x');
  EXPECT_EQ(Paragraph("", full + " 30 % of it"), full + " 30 %\nof it\n");
}

TEST(DurationText, TellsTheTwoLargestUnits) {
  EXPECT_EQ(DurationText(absl::Seconds(-3)), "0 s");
  EXPECT_EQ(DurationText(absl::Milliseconds(41900)), "41 s");
  EXPECT_EQ(DurationText(absl::Seconds(342)), "5 min 42 s");
  EXPECT_EQ(DurationText(absl::Minutes(125)), "2 h 5 min");
  EXPECT_EQ(DurationText(absl::Hours(76)), "3 d 4 h");
}

TEST(TimeText, IsUtc) {
  EXPECT_EQ(TimeText(absl::UnixEpoch() + absl::Seconds(61)), "1970-01-01 00:01:01 UTC");
}

}  // namespace
}  // namespace postwatch::cli
