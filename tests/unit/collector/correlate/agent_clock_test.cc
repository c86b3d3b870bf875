#include "collector/correlate/agent_clock.h"

#include <gtest/gtest.h>

namespace postwatch::collector {
namespace {

TEST(AgentClockTest, ASkewedClockIsCorrectedByTheLeastDelay) {
  AgentClock ahead;
  EXPECT_EQ(ahead.Correct(190, 100), -90);
  EXPECT_EQ(ahead.Correct(200, 112), -90);  // held up for two seconds
  AgentClock behind;
  EXPECT_EQ(behind.Correct(100, 190), 90);
  EXPECT_EQ(behind.Correct(110, 199.5), 89.5);
}

TEST(AgentClockTest, AReportThatWasHeldUpIsNotTheMeasure) {
  AgentClock clock;
  // The agent's clock is 100 s ahead; the first report was held up for 40 s.
  EXPECT_EQ(clock.Correct(101, 41), -60);
  EXPECT_EQ(clock.Correct(151, 51), -100);
}

TEST(AgentClockTest, ADriftingClockIsFollowed) {
  AgentClock clock;
  double offset = 0;
  for (double now = 0; now <= 9000; now += 60) offset = clock.Correct(now - now / 900, now);
  EXPECT_GE(offset, 8);
  EXPECT_LE(offset, 10);
}

TEST(AgentClockTest, AClockThatWasSetBackIsBelievedAfterAMinuteWithoutException) {
  AgentClock clock;
  for (double now = 0; now < 300; now += 5) EXPECT_EQ(clock.Correct(now, now), 0);
  for (double now = 300; now < 360; now += 5) EXPECT_EQ(clock.Correct(now - 30, now), 0) << now;
  EXPECT_EQ(clock.Correct(330, 360), 30);
}

TEST(AgentClockTest, AClockThatWasSetForwardIsBelievedAtOnce) {
  AgentClock clock;
  EXPECT_EQ(clock.Correct(100, 100), 0);
  EXPECT_EQ(clock.Correct(135, 105), -30);
}

TEST(AgentClockTest, APromptReportAmongLateOnesSaysThatTheClockWasNotSet) {
  AgentClock clock;
  clock.Correct(0, 0);
  for (double now = 5; now < 300; now += 5) {
    const bool prompt = now == 50 || now == 100 || now == 150 || now == 200 || now == 250;
    EXPECT_EQ(clock.Correct(prompt ? now : now - 30, now), 0) << now;
  }
}

TEST(AgentClockTest, ABacklogIsNotAClockThatWasSet) {
  AgentClock clock;
  for (double now = 0; now < 60; now += 5) clock.Correct(now, now);
  for (double ended = 60; ended < 200; ended += 1) {
    EXPECT_EQ(clock.Correct(ended, 200 + ended / 100), 0) << ended;
  }
}

}  // namespace
}  // namespace postwatch::collector
