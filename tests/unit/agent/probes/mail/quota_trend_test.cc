#include "agent/probes/mail/quota_trend.h"

#include <gtest/gtest.h>

#include <limits>

namespace postwatch::agent {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(1'790'000'000);

TEST(QuotaTrend, FullAtThePresentRate) {
  QuotaTrend trend;
  trend.Note(kStart, 100);
  EXPECT_FALSE(trend.FullIn(1000).has_value());
  trend.Note(kStart + absl::Minutes(59), 200);
  EXPECT_FALSE(trend.FullIn(1000).has_value());
  trend.Note(kStart + absl::Hours(2), 200);
  EXPECT_EQ(trend.FullIn(1000), absl::Hours(16));
  EXPECT_FALSE(trend.FullIn(200).has_value());
  EXPECT_FALSE(trend.FullIn(10'000'000).has_value());
}

TEST(QuotaTrend, WhatShrinksIsNeverFull) {
  QuotaTrend trend;
  trend.Note(kStart, 300);
  trend.Note(kStart + absl::Hours(3), 300);
  EXPECT_FALSE(trend.FullIn(1000).has_value());
  trend.Note(kStart + absl::Hours(4), 200);
  EXPECT_FALSE(trend.FullIn(1000).has_value());
}

TEST(QuotaTrend, OldReadingsAreForgotten) {
  QuotaTrend trend;
  trend.Note(kStart, 0);
  trend.Note(kStart + absl::Hours(8 * 24), 500);
  EXPECT_FALSE(trend.FullIn(1000).has_value());
  trend.Note(kStart + absl::Hours(8 * 24 + 10), 600);
  EXPECT_EQ(trend.FullIn(1000), absl::Hours(40));
}

TEST(QuotaTrend, ManyReadingsKeepTheFirstAndTheLast) {
  QuotaTrend trend;
  for (uint64_t i = 0; i <= 1000; ++i)
    trend.Note(kStart + absl::Minutes(static_cast<int64_t>(i)), 1000 + i);
  ASSERT_TRUE(trend.FullIn(3000).has_value());
  EXPECT_EQ(absl::Trunc(*trend.FullIn(3000) - absl::Minutes(1000), absl::Minutes(1)),
            absl::ZeroDuration());
}

TEST(QuotaTrend, IsTheSameAfterATextOfIt) {
  EXPECT_EQ(QuotaTrend().Text(), "");
  QuotaTrend trend;
  trend.Note(kStart, 100);
  trend.Note(kStart + absl::Hours(2), 200);
  EXPECT_EQ(trend.Text(), "1790000000 100,7200 200");
  EXPECT_EQ(QuotaTrend::FromText(trend.Text()).Text(), trend.Text());
  EXPECT_EQ(QuotaTrend::FromText(trend.Text()).FullIn(1000), absl::Hours(16));
}

TEST(QuotaTrend, WhatIsNoTrendGivesNoReadings) {
  for (const char* text : {"", "1790000000", "x 1", "1 x", "-1 5", "1 -5", "1790000000 1,",
                           "1 1,-1 2", "253402300799 1,1 2", "9223372036854775807 1"}) {
    EXPECT_EQ(QuotaTrend::FromText(text).Text(), "") << text;
  }
}

TEST(QuotaTrend, AFullTrendFitsIntoANote) {
  QuotaTrend trend;
  for (int64_t i = 0; i < 1000; ++i) {
    trend.Note(kStart + absl::Minutes(9 * i), std::numeric_limits<int64_t>::max());
  }
  EXPECT_LE(trend.Text().size(), 16u * 1024);
  EXPECT_EQ(QuotaTrend::FromText(trend.Text()).Text(), trend.Text());
}

TEST(QuotaTrend, ShortDurations) {
  EXPECT_EQ(ShortDuration(absl::Hours(75)), "3d");
  EXPECT_EQ(ShortDuration(absl::Minutes(119)), "1h");
  EXPECT_EQ(ShortDuration(absl::Seconds(59)), "0m");
}

}  // namespace
}  // namespace postwatch::agent
