#include "collector/scenario/padded_lines.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

namespace postwatch::collector {
namespace {

using Next = PaddedLines::Next;

// Gives `text` in pieces of `piece` bytes, then ends with `last`.
PaddedLines::Source From(std::string text, size_t piece, int64_t last = 0) {
  return [text, piece, last, at = size_t{0}](char* into, size_t size) mutable -> int64_t {
    const size_t got = std::min({piece, size, text.size() - at});
    std::memcpy(into, text.data() + at, got);
    at += got;
    return got > 0 ? static_cast<int64_t>(got) : last;
  };
}

std::vector<std::string> All(PaddedLines& lines) {
  std::vector<std::string> all;
  std::string_view line;
  for (Next next = lines.Take(line); next != Next::kEnd; next = lines.Take(line)) {
    all.push_back(next == Next::kLine      ? std::string(line)
                  : next == Next::kTooLong ? "TOO LONG"
                                           : "BROKEN");
    if (next == Next::kBroken) break;
  }
  return all;
}

using Lines = std::vector<std::string>;

TEST(PaddedLines, AreTheSameHoweverTheyComeIn) {
  for (const size_t piece : {1, 2, 3, 7, 1000}) {
    PaddedLines lines(From("one\n\ntwo words\r\nlast", piece), 100);
    EXPECT_EQ(All(lines), (Lines{"one", "", "two words\r", "last"})) << piece;
    EXPECT_EQ(lines.number(), 4);
  }
}

TEST(PaddedLines, OfNothingAreNone) {
  PaddedLines lines(From("", 10), 100);
  EXPECT_EQ(All(lines), Lines{});
  EXPECT_EQ(lines.number(), 0);
}

TEST(PaddedLines, ALastEndBeginsNoLine) {
  PaddedLines lines(From("one\n", 10), 100);
  EXPECT_EQ(All(lines), Lines{"one"});
}

TEST(PaddedLines, TooLongAreCountedAndSkipped) {
  for (const size_t piece : {1, 4, 1000}) {
    PaddedLines lines(From("12345\n123456\n12345\n1234567890", piece), 5);
    EXPECT_EQ(All(lines), (Lines{"12345", "TOO LONG", "12345", "TOO LONG"})) << piece;
    EXPECT_EQ(lines.number(), 4);
  }
}

TEST(PaddedLines, MayBeLongerThanOneRead) {
  const std::string longest(3 * 1024 * 1024, 'x');
  PaddedLines lines(From(longest + "\nnext\n" + longest + "x\nlast\n", 100'000), longest.size());
  EXPECT_EQ(All(lines), (Lines{longest, "next", "TOO LONG", "last"}));
}

TEST(PaddedLines, AStreamThatBreaksIsNoEnd) {
  PaddedLines lines(From("one\ntw", 100, -1), 100);
  EXPECT_EQ(All(lines), (Lines{"one", "BROKEN"}));
}

}  // namespace
}  // namespace postwatch::collector
