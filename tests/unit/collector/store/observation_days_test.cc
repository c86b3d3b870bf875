#include "collector/store/observation_days.h"

#include <gtest/gtest.h>

namespace postwatch::collector {
namespace {

TEST(ObservationDaysTest, ADayBeginsAtMidnightUtc) {
  const absl::CivilDay day(2026, 11, 23);
  EXPECT_EQ(StartOf(day), absl::FromUnixSeconds(1'795'392'000));
  EXPECT_EQ(DayOf(StartOf(day)), day);
  EXPECT_EQ(DayOf(StartOf(day) - absl::Nanoseconds(1)), absl::CivilDay(2026, 11, 22));
}

TEST(ObservationDaysTest, TablesAreNamedByTheirDay) {
  EXPECT_EQ(DayTable(absl::CivilDay(2026, 1, 9)), "observations_20260109");
  EXPECT_EQ(DayOfTable("observations_20260109"), absl::CivilDay(2026, 1, 9));
}

TEST(ObservationDaysTest, OtherTablesAreNoDays) {
  for (std::string_view table :
       {"observations", "observations_", "observations_2026019", "observations_20261301",
        "observations_20260230", "observations_2026010a", "observations_20260109x",
        "old_observations_20260109", "outbox"}) {
    EXPECT_EQ(DayOfTable(table), std::nullopt) << table;
  }
}

}  // namespace
}  // namespace postwatch::collector
