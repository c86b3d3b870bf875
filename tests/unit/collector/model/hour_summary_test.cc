#include "collector/model/hour_summary.h"

#include <gtest/gtest.h>

namespace postwatch::collector {
namespace {

Observation Took(absl::Duration took, Outcome outcome = Outcome::kPass) {
  Observation run;
  run.took = took;
  run.outcome = outcome;
  return run;
}

TEST(HourSummaryTest, MergingIsAddingInAnyOrder) {
  Observation failed = Took(absl::Seconds(3), Outcome::kFail);
  failed.failure = Failure{.klass = FailureClass::kTcpTimeout};
  HourSummary one, two, all;
  one.Add(Took(absl::Milliseconds(20)));
  one.Add(failed);
  two.Add(Took(absl::Milliseconds(10)));
  two.Add(Took(absl::Hours(1), Outcome::kNotTested));
  for (const absl::Duration took : {absl::Milliseconds(10), absl::Milliseconds(20)}) {
    all.Add(Took(took));
  }
  all.Add(failed);
  all.Add(Took(absl::ZeroDuration(), Outcome::kNotTested));
  HourSummary merged = one, other_way = two;
  merged.Merge(two);
  other_way.Merge(one);
  EXPECT_EQ(merged, all);
  EXPECT_EQ(other_way, all);
  EXPECT_EQ(all.passed, 2);
  EXPECT_EQ(all.failed, 1);
  EXPECT_EQ(all.not_tested, 1);
  EXPECT_EQ(all.classes, (std::map<std::string, int64_t>{{"tcp_timeout", 1}}));
  EXPECT_EQ(all.shortest, absl::Milliseconds(10));
  EXPECT_EQ(all.longest, absl::Seconds(3));
  EXPECT_EQ(all.Mean(), absl::Milliseconds(1010));
}

TEST(HourSummaryTest, QuantilesAreRightToATenth) {
  for (const double scale : {1e-5, 1e-3, 0.02, 1.0}) {
    HourSummary hour;
    for (int i = 1; i <= 1000; ++i) hour.Add(Took(absl::Seconds(scale * i)));
    for (const double share : {0.1, 0.5, 0.95, 0.99}) {
      const double wanted = scale * share * 1000;
      EXPECT_NEAR(absl::ToDoubleSeconds(hour.Quantile(share)), wanted, wanted * 0.1) << scale;
    }
    EXPECT_LE(hour.durations.size(), 45u);
  }
}

TEST(HourSummaryTest, WhatIsOutOfBoundsIsCountedAtTheEdge) {
  HourSummary hour;
  hour.Add(Took(-absl::Seconds(1)));
  hour.Add(Took(absl::Hours(100)));
  EXPECT_EQ(hour.durations, (std::map<int, int64_t>{{0, 1}, {128, 1}}));
  EXPECT_EQ(hour.shortest, absl::ZeroDuration());
  EXPECT_EQ(HourSummary().Quantile(0.5), absl::ZeroDuration());
  EXPECT_EQ(HourSummary().Mean(), absl::ZeroDuration());
}

TEST(HourSummaryTest, ARunBelongsToTheHourInWhichItBegan) {
  const absl::Time noon = absl::FromCivil(absl::CivilHour(2026, 11, 23, 12), absl::UTCTimeZone());
  const auto hour = [&noon](absl::Duration started, absl::Duration received) {
    Sighting sighting;
    sighting.observation.started = noon + started;
    sighting.received = noon + received;
    return HourOf(sighting) - noon;
  };
  EXPECT_EQ(hour(absl::Minutes(59), absl::Minutes(61)), absl::ZeroDuration());
  EXPECT_EQ(hour(absl::Minutes(5), absl::Hours(70)), absl::ZeroDuration());
  EXPECT_EQ(hour(absl::Hours(2), absl::Minutes(61)), absl::Hours(1));
  EXPECT_EQ(hour(-absl::Hours(24 * 8), absl::Minutes(1)), absl::ZeroDuration());
}

TEST(HourSummaryTest, WhatAmendsAnotherIsNoRun) {
  Sighting sighting;
  sighting.observation.started = sighting.received = absl::FromUnixSeconds(3600);
  HourSummaries summaries;
  AddTo(summaries, sighting);
  sighting.observation.amends = std::string(32, 'a');
  AddTo(summaries, sighting);
  ASSERT_EQ(summaries.size(), 1u);
  EXPECT_EQ(summaries.begin()->second.passed, 1);
}

}  // namespace
}  // namespace postwatch::collector
