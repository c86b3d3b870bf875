#include "collector/correlate/failure_log.h"

#include <gtest/gtest.h>

namespace postwatch::collector {
namespace {

FailureRecord MakeFailure(double ended, const std::string& observation) {
  return {.reading = {.ended = ended}, .observation = observation};
}

TEST(FailureLogTest, NumbersOutliveWhatIsForgotten) {
  FailureLog log;
  const FailureId first = log.Add(MakeFailure(10, "a"));
  const FailureId second = log.Add(MakeFailure(20, "b"));
  EXPECT_EQ(log.Expire(15), second);
  EXPECT_EQ(log.begin(), second);
  EXPECT_EQ(log.At(second).observation, "b");
  EXPECT_EQ(log.Find("a"), kNoFailure);
  EXPECT_EQ(log.Find("b"), second);
  const FailureId third = log.Add(MakeFailure(30, "c"));
  EXPECT_GT(third, second);
  EXPECT_NE(third, first);
  EXPECT_EQ(log.end(), third + 1);
}

TEST(FailureLogTest, FailuresWithoutObservationAreNotFound) {
  FailureLog log;
  log.Add(MakeFailure(10, ""));
  EXPECT_EQ(log.Find(""), kNoFailure);
}

// An agent that gives one name to many: the first keeps it, and it is gone with that one.
TEST(FailureLogTest, ANameGivenTwiceIsTheFirstOnes) {
  FailureLog log;
  const FailureId first = log.Add(MakeFailure(10, "a"));
  const FailureId second = log.Add(MakeFailure(20, "a"));
  EXPECT_EQ(log.Find("a"), first);
  EXPECT_EQ(log.Expire(15), second);
  EXPECT_EQ(log.Find("a"), kNoFailure);
  EXPECT_EQ(log.Expire(25), second + 1);
}

TEST(FailureLogTest, IsBounded) {
  FailureLog log;
  for (int i = 0; i < 250000; ++i) log.Add(MakeFailure(10, ""));
  EXPECT_FALSE(log.IsOverfull());
  log.Add(MakeFailure(10, ""));
  EXPECT_TRUE(log.IsOverfull());
  log.Expire(0);
  EXPECT_EQ(log.end() - log.begin(), 200000u);
}

}  // namespace
}  // namespace postwatch::collector
