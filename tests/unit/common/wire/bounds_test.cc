#include "common/wire/bounds.h"

#include <gtest/gtest.h>

namespace postwatch {
namespace {

TEST(Bounds, KeepsTheFirstFailureOnly) {
  Bounds bounds("thing");
  EXPECT_TRUE(bounds.Length("a", "xx", 1, 2));
  EXPECT_TRUE(bounds.ok());
  EXPECT_FALSE(bounds.Length("b", "xxx", 1, 2));
  EXPECT_FALSE(bounds.Count("c", 3, 2));
  EXPECT_EQ(bounds.status(),
            absl::InvalidArgumentError("thing.b: has 3 bytes, allowed are 1 to 2"));
}

TEST(Bounds, RandomIdsAreLowerCaseHex) {
  EXPECT_TRUE(IsRandomId("0123456789abcdef0123456789abcdef"));
  EXPECT_FALSE(IsRandomId("0123456789ABCDEF0123456789abcdef"));
  EXPECT_FALSE(IsRandomId("0123456789abcdef"));
}

TEST(Bounds, Utf8KeepsItsLength) {
  EXPECT_EQ(ToUtf8("plain"), "plain");
  EXPECT_EQ(ToUtf8("\xc0\xaf"), "??");            // overlong
  EXPECT_EQ(ToUtf8("\xf4\x90\x80\x80"), "????");  // beyond U+10FFFF
  EXPECT_EQ(ToUtf8("\xe2\x82\xac"), "\xe2\x82\xac");
}

TEST(BoundsTest, Utf8IsToldFromOtherBytesWhereverTheyAre) {
  for (size_t before = 0; before < 20; ++before) {
    const std::string ascii(before, 'a');
    EXPECT_TRUE(IsUtf8(ascii)) << before;
    EXPECT_TRUE(IsUtf8(ascii + "\xc3\xbc" + ascii)) << before;
    EXPECT_FALSE(IsUtf8(ascii + "\xfc" + ascii)) << before;
    EXPECT_FALSE(IsUtf8(ascii + "\xc3")) << before;
  }
}

}  // namespace
}  // namespace postwatch
