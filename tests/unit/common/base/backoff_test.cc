#include "common/base/backoff.h"

#include <gtest/gtest.h>

namespace postwatch {
namespace {

TEST(Backoff, DoublesUpToItsCap) {
  Backoff backoff({absl::Milliseconds(500), absl::Seconds(3)});
  EXPECT_EQ(backoff.Next(0), absl::Milliseconds(500));
  EXPECT_EQ(backoff.Next(0), absl::Seconds(1));
  EXPECT_EQ(backoff.Next(0), absl::Seconds(2));
  EXPECT_EQ(backoff.Next(0), absl::Seconds(3));
  EXPECT_EQ(backoff.Next(0), absl::Seconds(3));
  EXPECT_EQ(backoff.failures(), 5);
}

TEST(Backoff, JitterTakesFromTheWholeRange) {
  Backoff backoff({absl::Seconds(8), absl::Seconds(8)});
  EXPECT_EQ(backoff.Next(0.25), absl::Seconds(6));
  EXPECT_EQ(backoff.Next(0.75), absl::Seconds(2));
}

TEST(Backoff, NeverSpins) {
  Backoff backoff({absl::Milliseconds(2), absl::Seconds(1)});
  EXPECT_EQ(backoff.Next(0.999999), absl::Milliseconds(1));
}

TEST(Backoff, StartsAgainAfterASuccess) {
  Backoff backoff({absl::Seconds(1), absl::Seconds(30)});
  backoff.Next(0);
  backoff.Next(0);
  backoff.Reset();
  EXPECT_EQ(backoff.failures(), 0);
  EXPECT_EQ(backoff.Next(0), absl::Seconds(1));
}

TEST(Backoff, SurvivesAThousandFailures) {
  Backoff backoff({absl::Seconds(1), absl::Seconds(30)});
  for (int i = 0; i < 1000; ++i) backoff.Next(0);
  EXPECT_EQ(backoff.Next(0), absl::Seconds(30));
}

}  // namespace
}  // namespace postwatch
