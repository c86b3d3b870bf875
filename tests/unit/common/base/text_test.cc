#include "common/base/text.h"

#include <gtest/gtest.h>

namespace postwatch {
namespace {

using Views = std::vector<std::string_view>;

TEST(Concat, TakesEveryKindOfText) {
  const std::string_view view = "view";
  EXPECT_EQ(Concat("a", view, std::string("b"), 7, ToAbsl(view)), "aviewb7view");
  std::string out = "x";
  Append(out, view, 1);
  EXPECT_EQ(out, "xview1");
}

TEST(Split, KeepsEmptyPieces) {
  EXPECT_EQ(Split("", ','), Views{""});
  EXPECT_EQ(Split("a,,b,", ','), (Views{"a", "", "b", ""}));
}

TEST(Join, PutsTheSeparatorBetween) {
  EXPECT_EQ(Join(Views{}, ", "), "");
  EXPECT_EQ(Join(Views{"a", "", "b"}, ", "), "a, , b");
}

TEST(Trim, DropsOnlyTheOuterSpace) {
  EXPECT_EQ(Trim(" \ta b\r\n"), "a b");
  EXPECT_EQ(Trim(" \r\n"), "");
}

TEST(Case, IsAsciiOnly) {
  EXPECT_EQ(AsciiLower("StartTLS-\xc3\x9c"), "starttls-\xc3\x9c");
  EXPECT_EQ(AsciiUpper("auth=login"), "AUTH=LOGIN");
  EXPECT_TRUE(EqualsIgnoreCase("iNbOx", "INBOX"));
  EXPECT_FALSE(EqualsIgnoreCase("INBOX", "INBOX2"));
  EXPECT_FALSE(EqualsIgnoreCase("@", "`"));  // 0x20 apart, but no letters
  EXPECT_TRUE(StartsWithIgnoreCase("250-AUTH PLAIN", "250-auth"));
  EXPECT_FALSE(StartsWithIgnoreCase("25", "250"));
  EXPECT_TRUE(ContainsIgnoreCase("Mailbox FULL now", "full"));
  EXPECT_TRUE(ContainsIgnoreCase("x", ""));
  EXPECT_FALSE(ContainsIgnoreCase("ful", "full"));
}

TEST(ParseInteger, TakesTheWholeTextOrNothing) {
  EXPECT_EQ(ParseInteger("-42"), -42);
  EXPECT_EQ(ParseInteger("9223372036854775807"), INT64_MAX);
  EXPECT_EQ(ParseInteger("9223372036854775808"), std::nullopt);
  EXPECT_EQ(ParseInteger(""), std::nullopt);
  EXPECT_EQ(ParseInteger(" 1"), std::nullopt);
  EXPECT_EQ(ParseInteger("1x"), std::nullopt);
  EXPECT_EQ(ParseInteger("+1"), std::nullopt);
}

TEST(Truncate, DoesNotCutASequence) {
  EXPECT_EQ(Truncate("abc", 3), "abc");
  EXPECT_EQ(Truncate("abc", 2), "ab");
  EXPECT_EQ(Truncate("a€b", 3), "a");
  EXPECT_EQ(Truncate("a€b", 4), "a€");
  EXPECT_EQ(Truncate("\x80\x80\x80", 2), "");
}

}  // namespace
}  // namespace postwatch
