#include "collector/problem_log.h"

#include <gtest/gtest.h>

#include "tests/support/incident_samples.h"

namespace postwatch::collector {
namespace {

using Problems = std::vector<std::string>;

TEST(ProblemLog, TellsEachChangeOnce) {
  ProblemLog log;
  EXPECT_EQ(log.Update("eu-1", {}, Noon()), "");
  EXPECT_EQ(log.Update("eu-1", {"a: bad"}, Noon()), "1, new: a: bad");
  EXPECT_EQ(log.Update("eu-1", {"a: bad"}, Noon() + absl::Hours(1)), "");
  EXPECT_EQ(log.Update("eu-1", {"a: bad", "b: worse"}, Noon() + absl::Hours(2)),
            "2, new: b: worse");
  EXPECT_EQ(log.Update("eu-1", {"b: worse"}, Noon() + absl::Hours(3)), "1");
  EXPECT_EQ(log.Update("eu-1", {}, Noon() + absl::Hours(4)), "none any more");
  EXPECT_EQ(log.Update("eu-1", {}, Noon() + absl::Hours(5)), "");
}

TEST(ProblemLog, EachAgentHasItsOwn) {
  ProblemLog log;
  EXPECT_EQ(log.Update("eu-1", {"a: bad"}, Noon()), "1, new: a: bad");
  EXPECT_EQ(log.Update("us-1", {"a: bad"}, Noon()), "1, new: a: bad");
}

TEST(ProblemLog, AnAgentThatChangesItsMindAllTheTimeIsHeardOnceAMinute) {
  ProblemLog log;
  int lines = 0;
  for (int second = 0; second < 600; ++second) {
    const Problems problems = {"check " + std::to_string(second) + ": bad"};
    if (!log.Update("eu-1", problems, Noon() + absl::Seconds(second)).empty()) ++lines;
  }
  EXPECT_EQ(lines, 10);
}

TEST(ProblemLog, WhatChangedWithinTheMinuteIsToldAfterIt) {
  ProblemLog log;
  log.Update("eu-1", {"a: bad"}, Noon());
  EXPECT_EQ(log.Update("eu-1", {"b: bad"}, Noon() + absl::Seconds(59)), "");
  EXPECT_EQ(log.Update("eu-1", {"b: bad"}, Noon() + absl::Seconds(60)), "1, new: b: bad");
}

TEST(ProblemLog, NamesThreeAndCountsTheRest) {
  ProblemLog log;
  EXPECT_EQ(log.Update("eu-1", {"a: 1", "b: 2", "c: 3", "d: 4", "e: 5"}, Noon()),
            "5, new: a: 1; b: 2; c: 3; and 2 more");
}

}  // namespace
}  // namespace postwatch::collector
