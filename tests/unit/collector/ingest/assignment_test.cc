#include "collector/ingest/assignment.h"

#include <gtest/gtest.h>

namespace postwatch::collector {
namespace {

CheckSpec Check(const std::string& id) {
  CheckSpec spec;
  spec.id = id;
  spec.kind = "smtp.mx";
  spec.target = "alpha.test";
  spec.provider = "own";
  spec.leg = Leg::kInbound;
  spec.settings = Settings::Map();
  return spec;
}

uint64_t VersionOf(std::vector<CheckSpec> checks) {
  auto made = MakeAssignment(std::move(checks));
  EXPECT_TRUE(made.ok()) << made.status();
  return made.ok() ? (*made)->version : 0;
}

TEST(AssignmentTest, HoldsTheChecksForSendingAndForLookingUp) {
  auto made = MakeAssignment({Check("alpha.test/a"), Check("alpha.test/b")});
  ASSERT_TRUE(made.ok()) << made.status();
  const Assignment& assignment = **made;
  ASSERT_EQ(assignment.message.checks_size(), 2);
  EXPECT_EQ(assignment.message.checks(1).id(), "alpha.test/b");
  EXPECT_EQ(assignment.message.version(), assignment.version);
  ASSERT_TRUE(assignment.by_id.contains("alpha.test/a"));
  EXPECT_EQ(assignment.by_id.at("alpha.test/a").leg, Leg::kInbound);
}

TEST(AssignmentTest, TheVersionIsAFunctionOfTheContent) {
  CheckSpec other = Check("a");
  other.interval = absl::Seconds(61);
  EXPECT_EQ(VersionOf({Check("a")}), VersionOf({Check("a")}));
  EXPECT_NE(VersionOf({Check("a")}), VersionOf({other}));
  EXPECT_NE(VersionOf({Check("a")}), VersionOf({Check("a"), Check("b")}));
  EXPECT_NE(VersionOf({}), 0u);
}

TEST(AssignmentTest, TooManyAndTwiceTheSameAreRefused) {
  std::vector<CheckSpec> many(kMaxAssignedChecks + 1);
  EXPECT_EQ(MakeAssignment(std::move(many)).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(MakeAssignment({Check("a"), Check("a")}).status().message(),
            "assign checks: \"a\" is there twice");
}

}  // namespace
}  // namespace postwatch::collector
