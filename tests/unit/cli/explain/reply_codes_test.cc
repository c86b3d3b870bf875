#include "cli/explain/reply_codes.h"

#include <gtest/gtest.h>

namespace postwatch::cli {
namespace {

TEST(BasicCodeMeaning, KnowsCodesAndWhatTheFirstDigitSays) {
  EXPECT_EQ(BasicCodeMeaning(535), "user name or password are refused");
  EXPECT_EQ(BasicCodeMeaning(499), "refused for now");
  EXPECT_EQ(BasicCodeMeaning(599), "refused for good");
  EXPECT_EQ(BasicCodeMeaning(399), "go on");
  EXPECT_EQ(BasicCodeMeaning(299), "accepted");
}

TEST(EnhancedCodeMeaning, KnowsDetailsAndSubjects) {
  EXPECT_EQ(EnhancedCodeMeaning("5.1.1"), "the recipient's mailbox does not exist");
  EXPECT_EQ(EnhancedCodeMeaning("4.7.28"), "too much mail of this kind (a flood)");
  EXPECT_EQ(EnhancedCodeMeaning("4.7.500"), "a matter of security or policy");
  EXPECT_EQ(EnhancedCodeMeaning("5.9.9"), "");
  EXPECT_EQ(EnhancedCodeMeaning("5.77.1"), "");
  EXPECT_EQ(EnhancedCodeMeaning(""), "");
}

}  // namespace
}  // namespace postwatch::cli
