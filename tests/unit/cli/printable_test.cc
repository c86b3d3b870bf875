#include "cli/printable.h"

#include <gtest/gtest.h>

namespace postwatch::cli {
namespace {

TEST(Printable, LeavesTextAlone) {
  EXPECT_EQ(Printable("421 4.3.2 später, \"<x>\" \u00a0\u4f60"),
            "421 4.3.2 später, \"<x>\" \u00a0\u4f60");
  EXPECT_EQ(Printable(""), "");
}

TEST(Printable, NothingActsOnATerminal) {
  EXPECT_EQ(Printable("a\x1b[31mb\x07\x7f"), "a?[31mb??");
  EXPECT_EQ(Printable("a\u009b31mb\u0080"), "a?31mb?");
  EXPECT_EQ(Printable("two\nlines"), "two lines");
}

TEST(Printable, NothingTurnsTheDirection) {
  EXPECT_EQ(Printable("\u202agnp\u202e.exe\u2066\u2069"), "?gnp?.exe??");
  EXPECT_EQ(Printable("\u2029\u202f\u2065\u206a"), "\u2029\u202f\u2065\u206a");
}

}  // namespace
}  // namespace postwatch::cli
