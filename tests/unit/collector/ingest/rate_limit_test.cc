#include "collector/ingest/rate_limit.h"

#include <gtest/gtest.h>

namespace postwatch::collector {
namespace {

TEST(TokenBucketTest, ASecondsWorthPassesAtOnceAndMoreHasToWait) {
  TokenBucket bucket(100);
  absl::Duration now = absl::Hours(1);
  EXPECT_EQ(bucket.Take(100, now), absl::ZeroDuration());
  EXPECT_EQ(bucket.Take(50, now), absl::Milliseconds(500));
  now += absl::Milliseconds(500);
  EXPECT_EQ(bucket.Take(0, now), absl::ZeroDuration());
  EXPECT_EQ(bucket.Take(10, now), absl::Milliseconds(100));
}

TEST(TokenBucketTest, RestSavesUpOneSecondAtMost) {
  TokenBucket bucket(100);
  EXPECT_EQ(bucket.Take(100, absl::Hours(1)), absl::ZeroDuration());
  EXPECT_EQ(bucket.Take(150, absl::Hours(2)), absl::Milliseconds(500));
}

TEST(TokenBucketTest, AClockThatGoesBackEarnsNothing) {
  TokenBucket bucket(100);
  EXPECT_EQ(bucket.Take(100, absl::Hours(2)), absl::ZeroDuration());
  EXPECT_EQ(bucket.Take(100, absl::Hours(1)), absl::Seconds(1));
}

TEST(AttemptLimiterTest, ABurstAndThenOneAtATime) {
  AttemptLimiter limiter(3, absl::Seconds(6));
  absl::Duration now = absl::Hours(1);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(limiter.Allow("a", now)) << i;
  EXPECT_FALSE(limiter.Allow("a", now));
  EXPECT_TRUE(limiter.Allow("b", now));
  EXPECT_FALSE(limiter.Allow("a", now + absl::Milliseconds(5999)));
  EXPECT_TRUE(limiter.Allow("a", now + absl::Seconds(6)));
  EXPECT_FALSE(limiter.Allow("a", now + absl::Seconds(6)));
  now += absl::Hours(1);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(limiter.Allow("a", now)) << i;
  EXPECT_FALSE(limiter.Allow("a", now));
}

TEST(AttemptLimiterTest, TooManyKeysShareAndAreForgotten) {
  AttemptLimiter limiter(1, absl::Seconds(6));
  absl::Duration now = absl::Hours(1);
  int allowed = 0;
  for (int i = 0; i < 10000; ++i) allowed += limiter.Allow(std::to_string(i), now) ? 1 : 0;
  EXPECT_EQ(allowed, 4097);
  EXPECT_FALSE(limiter.Allow("new", now));
  EXPECT_TRUE(limiter.Allow("new", now + absl::Seconds(6)));
}

TEST(LogLimiterTest, OneLineASecondForEachKey) {
  LogLimiter limiter;
  EXPECT_TRUE(limiter.Allow("a", absl::Seconds(10)));
  EXPECT_FALSE(limiter.Allow("a", absl::Milliseconds(10'999)));
  EXPECT_TRUE(limiter.Allow("b", absl::Milliseconds(10'999)));
  EXPECT_TRUE(limiter.Allow("a", absl::Seconds(11)));
}

TEST(LogLimiterTest, AFloodOfKeysIsBoundedAndForgotten) {
  LogLimiter limiter;
  int allowed = 0;
  for (int i = 0; i < 5000; ++i) {
    allowed += limiter.Allow(std::to_string(i), absl::Seconds(10)) ? 1 : 0;
  }
  EXPECT_EQ(allowed, 1024);
  EXPECT_TRUE(limiter.Allow("new", absl::Seconds(11)));
}

}  // namespace
}  // namespace postwatch::collector
