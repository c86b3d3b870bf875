#include "tests/support/fake_clock.h"

#include <gtest/gtest.h>

#include <string>

namespace postwatch {
namespace {

Task<void> Tick(FakeClock& clock, std::string name, absl::Duration period, std::string& log) {
  for (int i = 0; i < 3; ++i) {
    const absl::Status slept = co_await clock.SleepFor(period);
    if (!slept.ok()) co_return;
    log += name;
  }
}

TEST(FakeClock, WakesSleepersInOrderOfTheirTimes) {
  std::string log;
  TestLoop loop;
  FakeClock clock(&loop);
  loop.Spawn(Tick(clock, "a", absl::Seconds(2), log));
  loop.Spawn(Tick(clock, "b", absl::Seconds(3), log));
  clock.Advance(absl::Seconds(1));
  EXPECT_EQ(log, "");
  clock.Advance(absl::Seconds(4));  // a at 2 and 4, b at 3
  EXPECT_EQ(log, "aba");
  clock.Advance(absl::Seconds(10));
  EXPECT_EQ(log,
            "ababab"
            "");
  EXPECT_EQ(clock.sleepers(), 0u);
}

Task<absl::Duration> SleepTwice(FakeClock& clock) {
  const absl::Duration start = clock.Steady();
  co_await clock.SleepFor(absl::Seconds(7));
  co_await clock.SleepFor(absl::Hours(1));
  co_return clock.Steady() - start;
}

TEST(FakeClock, RunTaskJumpsFromSleeperToSleeper) {
  FakeClock clock;
  const absl::Time start = clock.Now();
  EXPECT_EQ(RunTask(SleepTwice(clock), clock), absl::Hours(1) + absl::Seconds(7));
  EXPECT_EQ(clock.Now() - start, absl::Hours(1) + absl::Seconds(7));
}

TEST(FakeClock, AutoAdvanceNeedsNoDriver) {
  FakeClock clock;
  clock.SetAutoAdvance(true);
  EXPECT_EQ(RunTask(SleepTwice(clock)), absl::Hours(1) + absl::Seconds(7));
}

TEST(FakeClock, SetWallLeavesSteadyAlone) {
  FakeClock clock;
  const absl::Duration steady = clock.Steady();
  clock.SetWall(absl::UnixEpoch());
  EXPECT_EQ(clock.Now(), absl::UnixEpoch());
  EXPECT_EQ(clock.Steady(), steady);
}

}  // namespace
}  // namespace postwatch
