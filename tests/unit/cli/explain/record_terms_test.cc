#include "cli/explain/record_terms.h"

#include <gtest/gtest.h>

namespace postwatch::cli {
namespace {

TEST(LayOut, ATermALineThenTheRemarks) {
  EXPECT_EQ(LayOut("Title.", {{"a", "one"}, {"long", "two"}}, {"Remark.", "Another."}),
            "Title.\n\n  a     one\n  long  two\n\nRemark.\nAnother.\n");
  EXPECT_EQ(LayOut("Title.", {}, {}), "Title.\n");
}

TEST(LayOut, AVeryLongTermHasItsMeaningBelow) {
  const std::string term(50, 'x');
  EXPECT_EQ(LayOut("T", {{"a", "one"}, {term, "two"}}, {}),
            "T\n\n  a  one\n  " + term + "\n     two\n");
}

TEST(LayOut, WhatItIsGivenDoesNotActOnTheTerminal) {
  EXPECT_EQ(LayOut("T", {{"a\x1b", "b\x1b"}}, {"c\x1b"}), "T\n\n  a?  b?\n\nc?\n");
}

}  // namespace
}  // namespace postwatch::cli
