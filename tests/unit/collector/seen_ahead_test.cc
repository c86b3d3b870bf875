#include "collector/seen_ahead.h"

#include <gtest/gtest.h>

namespace postwatch::collector {
namespace {

using Numbers = std::vector<uint64_t>;

std::vector<Sighting> Batch(const std::string& agent, const std::string& spool,
                            const Numbers& numbers) {
  std::vector<Sighting> batch;
  for (const uint64_t number : numbers) {
    Sighting& sighting = batch.emplace_back();
    sighting.vantage.agent = agent;
    sighting.spool_id = spool;
    sighting.sequence = number;
  }
  return batch;
}

class SeenAheadTest : public testing::Test {
 protected:
  Numbers See(const std::string& spool, const Numbers& numbers, const std::string& agent = "a") {
    std::vector<Sighting> batch = Batch(agent, spool, numbers);
    ahead.See(batch);
    return Left(batch);
  }
  Numbers Stored(const std::string& spool, const Numbers& numbers, const std::string& agent = "a") {
    std::vector<Sighting> batch = Batch(agent, spool, numbers);
    ahead.Stored(batch);
    return Left(batch);
  }
  static Numbers Left(const std::vector<Sighting>& batch) {
    Numbers left;
    for (const Sighting& sighting : batch) left.push_back(sighting.sequence);
    return left;
  }

  SeenAhead ahead;
};

TEST_F(SeenAheadTest, WhatIsStoredAtOnceIsSeenOnce) {
  EXPECT_EQ(Stored("s", {1, 2}), Numbers({1, 2}));
  EXPECT_EQ(Stored("s", {3}), Numbers({3}));
  EXPECT_EQ(Stored("s", {}), Numbers());
  EXPECT_EQ(See("s", {}), Numbers());
}

TEST_F(SeenAheadTest, WhatComesAgainAndAgainIsSeenOnce) {
  EXPECT_EQ(See("s", {5, 6}), Numbers({5, 6}));
  EXPECT_EQ(See("s", {5, 6, 7}), Numbers({7}));
  EXPECT_EQ(See("s", {5}), Numbers());
  EXPECT_EQ(Stored("s", {5, 6}), Numbers());
  EXPECT_EQ(Stored("s", {7, 8}), Numbers({8}));
  EXPECT_EQ(Stored("s", {9}), Numbers({9}));
}

TEST_F(SeenAheadTest, AnotherSpoolAndAnotherAgentCountByThemselves) {
  EXPECT_EQ(See("s", {5, 6}), Numbers({5, 6}));
  EXPECT_EQ(See("s", {5, 6}, "b"), Numbers({5, 6}));
  EXPECT_EQ(Stored("t", {1, 2}), Numbers({1, 2}));
  EXPECT_EQ(See("t", {1, 2}), Numbers({1, 2}));
  EXPECT_EQ(Stored("t", {1, 2, 3}), Numbers({3}));
  EXPECT_EQ(Stored("s", {5, 6}, "b"), Numbers());
}

}  // namespace
}  // namespace postwatch::collector
