#include "common/mail/text_pattern.h"

#include <gtest/gtest.h>

namespace postwatch {
namespace {

TEST(FoldText, LowersAndJoinsLines) {
  EXPECT_EQ(FoldText("  Please\r\n try\t\tAGAIN "), "please try again ");
  EXPECT_EQ(FoldText("abcdef", 3), "abc");
}

TEST(TextMatches, Alternatives) {
  EXPECT_TRUE(TextMatches("mail loop", "too many hops|mail loop"));
  EXPECT_FALSE(TextMatches("mail", "too many hops|mail loop"));
  EXPECT_TRUE(TextMatches("anything", ""));
}

TEST(TextMatches, Gaps) {
  EXPECT_TRUE(TextMatches("exceeded the limit of 5 messages", "exceeded*limit*messag"));
  EXPECT_FALSE(TextMatches("limit exceeded, no messages", "exceeded*limit*messag"));
  EXPECT_FALSE(TextMatches("aba", "ab*ba"));
}

TEST(TextMatches, Digits) {
  EXPECT_TRUE(TextMatches("try again in 300 seconds", "in # sec"));
  EXPECT_FALSE(TextMatches("try again in some seconds", "in # sec"));
  EXPECT_TRUE(TextMatches("x [bl21]", "[bl#]"));
}

TEST(TextMatches, WordBoundaries) {
  EXPECT_TRUE(TextMatches("is locked.", "%locked"));
  EXPECT_FALSE(TextMatches("is blocked.", "%locked"));
  EXPECT_TRUE(TextMatches("rbl", "%rbl%"));
  EXPECT_FALSE(TextMatches("garbled", "%rbl%"));
}

TEST(TextMatches, GoesOnBehindAFalseStart) {
  EXPECT_TRUE(TextMatches("aaab", "aab"));
  EXPECT_TRUE(TextMatches("in 5 min, in 7 sec", "in # sec"));
  EXPECT_TRUE(TextMatches("blocked and locked", "%locked"));
  EXPECT_TRUE(TextMatches("5 or 12x", "#x"));
}

TEST(TextMatches, MarksAlone) {
  EXPECT_TRUE(TextMatches("a", "a%"));
  EXPECT_TRUE(TextMatches(" a", "%"));
  EXPECT_FALSE(TextMatches(" ", "%"));
  EXPECT_FALSE(TextMatches("", "#"));
  EXPECT_TRUE(TextMatches("", "*"));
}

TEST(TextMatches, HostileTextCostsLittle) {
  const std::string text(2048, 'a');
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(TextMatches(text, "a*a*a*a*a*a*a*a*b"));
}

TEST(EnhancedCodeMatches, FieldsRangesAndNoCode) {
  EXPECT_TRUE(EnhancedCodeMatches("5.7.26", "x.7.26"));
  EXPECT_TRUE(EnhancedCodeMatches("4.7.610", "4.7.500-699"));
  EXPECT_FALSE(EnhancedCodeMatches("4.7.700", "4.7.500-699"));
  EXPECT_FALSE(EnhancedCodeMatches("5.7.610", "4.7.500-699"));
  EXPECT_TRUE(EnhancedCodeMatches("5.7.60", "5.1.1|5.7.x"));
  EXPECT_TRUE(EnhancedCodeMatches("", ""));
  EXPECT_FALSE(EnhancedCodeMatches("", "x.x.x"));
  EXPECT_FALSE(EnhancedCodeMatches("5.7", "x.x.x"));
  EXPECT_FALSE(EnhancedCodeMatches("5.7.26.1", "5.7.26"));
  EXPECT_FALSE(EnhancedCodeMatches("5.7.26", "5.7"));
}

TEST(ReplyCodeMatches, Prefixes) {
  EXPECT_TRUE(ReplyCodeMatches(421, "4"));
  EXPECT_TRUE(ReplyCodeMatches(554, "421|55"));
  EXPECT_FALSE(ReplyCodeMatches(535, "421|55"));
  EXPECT_TRUE(ReplyCodeMatches(250, ""));
}

}  // namespace
}  // namespace postwatch
