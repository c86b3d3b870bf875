#include "common/mail/backoff_hint.h"

#include <gtest/gtest.h>

namespace postwatch {
namespace {

TEST(BackoffSeconds, ReadsWhatServersAskFor) {
  EXPECT_EQ(BackoffSeconds("Request is throttled. Suggested Backoff Time: 299950 milliseconds"),
            300);
  EXPECT_EQ(
      BackoffSeconds("4.2.0 <a@b>: Recipient address rejected: Greylisted, try again in 3 min"),
      180);
  EXPECT_EQ(BackoffSeconds("Please retry in 90 seconds"), 90);
  EXPECT_EQ(BackoffSeconds("Greylisting in action, please come back in 00:05:00"), std::nullopt);
  EXPECT_EQ(BackoffSeconds("Retry-After: 120"), 120);
  EXPECT_EQ(BackoffSeconds("Too many connections, try again in 2 hours"), 7200);
}

TEST(BackoffSeconds, IsBounded) {
  EXPECT_EQ(BackoffSeconds("try again in 999999999 hours"), 86400);
  EXPECT_EQ(BackoffSeconds("try again in 9999999999 s"), std::nullopt);
}

TEST(BackoffSeconds, MostRepliesAskForNothing) {
  EXPECT_EQ(BackoffSeconds("4.7.0 Try again later"), std::nullopt);
  EXPECT_EQ(BackoffSeconds("try again in a while"), std::nullopt);
  EXPECT_EQ(BackoffSeconds(""), std::nullopt);
}

}  // namespace
}  // namespace postwatch
