#include "collector/ingest/rivals.h"

#include <gtest/gtest.h>

#include "common/base/text.h"

namespace postwatch::collector {
namespace {

constexpr char kHere[] = "192.0.2.1:4711";
constexpr char kThere[] = "198.51.100.7:1234";

TEST(Rivals, AnAgentThatConnectsAnewOrStartsAnewHasNone) {
  Rivals rivals;
  for (int i = 0; i < 20; ++i) rivals.Came("fra1", "a", kHere, absl::Seconds(i));
  for (int i = 20; i < 40; ++i) rivals.Came("fra1", Concat("b", i), kHere, absl::Seconds(i));
  EXPECT_EQ(rivals.Problem("fra1", absl::Seconds(40)), "");
  EXPECT_EQ(rivals.Problem("fra2", absl::Seconds(40)), "");
}

// Its last words may come after its successor's first.
TEST(Rivals, OneReturnProvesNothing) {
  Rivals rivals;
  rivals.Came("fra1", "a", kHere, absl::Seconds(1));
  rivals.Came("fra1", "b", kHere, absl::Seconds(2));
  rivals.Came("fra1", "a", kHere, absl::Seconds(3));
  EXPECT_EQ(rivals.Problem("fra1", absl::Seconds(3)), "");
}

TEST(Rivals, TwoThatTakeTurnsAreTold) {
  Rivals rivals;
  rivals.Came("fra1", "a", kHere, absl::Seconds(1));
  rivals.Came("fra1", "b", kThere, absl::Seconds(2));
  rivals.Came("fra1", "a", kHere, absl::Seconds(8));
  rivals.Came("fra2", "c", kHere, absl::Seconds(8));
  rivals.Came("fra1", "b", kThere, absl::Seconds(14));
  EXPECT_EQ(rivals.Problem("fra1", absl::Seconds(15)),
            "two processes speak as this agent in turns, from 198.51.100.7 and from 192.0.2.1: "
            "stop one of them, or if one is not yours, somebody has the agent's key: "
            "`postwatch ca revoke agent fra1`");
  EXPECT_EQ(rivals.Problem("fra2", absl::Seconds(15)), "");
}

// A thief cannot hide by starting anew for each try.
TEST(Rivals, ItIsEnoughThatOneOfThemReturns) {
  Rivals rivals;
  for (int i = 0; i < 3; ++i) {
    rivals.Came("fra1", "a", kHere, absl::Seconds(2 * i));
    rivals.Came("fra1", Concat("thief", i), kThere, absl::Seconds(2 * i + 1));
  }
  EXPECT_NE(rivals.Problem("fra1", absl::Seconds(6)), "");
}

TEST(Rivals, WhatIsOverIsForgotten) {
  Rivals rivals;
  for (const absl::Duration at : {absl::ZeroDuration(), absl::Minutes(60)}) {
    rivals.Came("fra1", "a", kHere, at);
    rivals.Came("fra1", "b", kThere, at + absl::Seconds(1));
    rivals.Came("fra1", "a", kHere, at + absl::Seconds(2));
  }
  EXPECT_NE(rivals.Problem("fra1", absl::Minutes(61)), "");
  EXPECT_EQ(rivals.Problem("fra1", absl::Minutes(72)), "");
}

TEST(Rivals, TheTableHasAnEnd) {
  Rivals rivals;
  for (int i = 0; i < 5000; ++i) rivals.Came(Concat("fra", i), "a", kHere, absl::Seconds(1));
  for (int turn = 0; turn < 4; ++turn) {
    rivals.Came("late", turn % 2 == 0 ? "a" : "b", kHere, absl::Seconds(2));
  }
  EXPECT_EQ(rivals.Problem("late", absl::Seconds(3)), "");
  for (int turn = 0; turn < 4; ++turn) {
    rivals.Came("late", turn % 2 == 0 ? "a" : "b", kHere, absl::Minutes(12));
  }
  EXPECT_NE(rivals.Problem("late", absl::Minutes(12)), "");
}

}  // namespace
}  // namespace postwatch::collector
