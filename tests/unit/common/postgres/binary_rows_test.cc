#include "common/postgres/binary_rows.h"

#include <gtest/gtest.h>

namespace postwatch {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kHeader = "PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0"sv;

TEST(BinaryRowsTest, NoRowsAreAHeaderAndATrailer) {
  BinaryRows rows;
  EXPECT_EQ(rows.bytes(), kHeader);
  rows.Clear();
  rows.Finish();
  EXPECT_EQ(rows.bytes(), "\xff\xff"sv);
}

TEST(BinaryRowsTest, EachValueIsBehindItsLength) {
  BinaryRows rows;
  rows.Clear();
  rows.BeginRow(4).AddInt(258).AddSmallInt(-1).AddBytes("a\0"sv);
  rows.AddTime(absl::FromUnixSeconds(946'684'800));
  EXPECT_EQ(rows.bytes(),
            "\0\4"
            "\0\0\0\x08\0\0\0\0\0\0\1\2"
            "\0\0\0\2\xff\xff"
            "\0\0\0\2a\0"
            "\0\0\0\x08\0\0\0\0\0\0\0\0"sv);
}

}  // namespace
}  // namespace postwatch
