#include "common/base/log_budget.h"

#include <gtest/gtest.h>

namespace postwatch {
namespace {

TEST(LogBudget, LetsSoManyThroughAMinuteAndCountsTheOthers) {
  LogBudget budget(2);
  const absl::Duration start = absl::Hours(5);
  EXPECT_EQ(budget.Take(start), 0u);
  EXPECT_EQ(budget.Take(start + absl::Seconds(1)), 0u);
  EXPECT_EQ(budget.Take(start + absl::Seconds(2)), std::nullopt);
  EXPECT_EQ(budget.Take(start + absl::Seconds(59)), std::nullopt);
  EXPECT_EQ(budget.Take(start + absl::Seconds(60)), 2u);
  EXPECT_EQ(budget.Take(start + absl::Seconds(61)), 0u);
  EXPECT_EQ(budget.Take(start + absl::Seconds(62)), std::nullopt);
  EXPECT_EQ(budget.Take(start + absl::Minutes(9)), 1u);
}

}  // namespace
}  // namespace postwatch
