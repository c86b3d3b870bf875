#include "collector/store/summary_wire.h"

#include <gtest/gtest.h>

namespace postwatch::collector {
namespace {

TEST(SummaryWireTest, ASummaryComesBackWhole) {
  HourSummary in;
  in.passed = 3;
  in.failed = 2;
  in.not_tested = 1;
  in.classes = {{"tcp_timeout", 2}};
  in.total = absl::Seconds(7);
  in.shortest = absl::Microseconds(3);
  in.longest = absl::Seconds(5);
  in.durations = {{0, 1}, {90, 4}};
  const absl::StatusOr<HourSummary> out = ParseSummary(SerializeSummary(in));
  ASSERT_TRUE(out.ok()) << out.status();
  EXPECT_EQ(*out, in);
  EXPECT_EQ(ParseSummary(SerializeSummary({})).value(), HourSummary());
}

TEST(SummaryWireTest, OtherBytesAreDataLoss) {
  EXPECT_EQ(ParseSummary("\xff\xff").status().code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace postwatch::collector
