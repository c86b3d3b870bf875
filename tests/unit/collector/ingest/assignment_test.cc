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

TEST(AssignmentTest, AnotherRevisionOfTheSameChecksIsNoOtherVersion) {
  const auto first = MakeAssignment({Check("a")}, "v1"),
             second = MakeAssignment({Check("a")}, "v2");
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ((*second)->revision, "v2");
  EXPECT_EQ((*first)->version, (*second)->version);
}

TEST(AssignmentTest, AnAgentIsNotGivenWhatItDoesNotKnow) {
  CheckSpec spf = Check("alpha.test/dns.spf");
  spf.kind = "dns.spf";
  auto made = MakeAssignment({Check("alpha.test/smtp.mx"), spf});
  ASSERT_TRUE(made.ok()) << made.status();
  const Assignment& all = **made;
  for (const std::vector<std::string>& kinds :
       {std::vector<std::string>{}, {"dns.spf", "smtp.mx", "unheard.of"}}) {
    const v1::Assignment whole = AssignmentFor(all, kinds);
    EXPECT_EQ(whole.checks_size(), 2);
    EXPECT_EQ(whole.version(), all.version);
  }
  const v1::Assignment part = AssignmentFor(all, {"smtp.mx"});
  ASSERT_EQ(part.checks_size(), 1);
  EXPECT_EQ(part.checks(0).id(), "alpha.test/smtp.mx");
  EXPECT_NE(part.version(), all.version);  // else it would not take the whole once it is updated
  EXPECT_EQ(part.version(), VersionOf({Check("alpha.test/smtp.mx")}));
  EXPECT_EQ(AssignmentFor(all, {"unheard.of"}).checks_size(), 0);
}

TEST(AssignmentTest, TooManyAndTwiceTheSameAreRefused) {
  std::vector<CheckSpec> many(kMaxAssignedChecks + 1);
  EXPECT_EQ(MakeAssignment(std::move(many)).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(MakeAssignment({Check("a"), Check("a")}).status().message(),
            "assign checks: \"a\" is there twice");
}

}  // namespace
}  // namespace postwatch::collector
