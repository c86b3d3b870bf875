#include "agent/loop_lag_meter.h"

#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>

#include "tests/support/fake_clock.h"

namespace postwatch::agent {
namespace {

// A clock whose sleeps end late by what the test says.
class LateClock : public FakeClock {
 public:
  using FakeClock::FakeClock;
  absl::Duration late;

  Task<absl::Status> SleepFor(absl::Duration duration) override {
    const absl::Duration total = duration + late;
    co_return co_await FakeClock::SleepFor(total);
  }
};

TEST(LoopLagMeter, TellsTheWorstOfTheLastMinuteAndSinceTheLastAsk) {
  TestLoop loop;
  LateClock clock(&loop);
  LoopLagMeter meter(clock);
  boost::asio::cancellation_signal stop;
  bool ended = false;
  boost::asio::co_spawn(loop.io(), meter.Run(),
                        boost::asio::bind_cancellation_slot(
                            stop.slot(), [&ended](std::exception_ptr) { ended = true; }));
  clock.Advance(absl::Seconds(2));
  EXPECT_EQ(meter.Worst(), absl::ZeroDuration());
  clock.late = absl::Milliseconds(300);
  clock.Advance(absl::Seconds(4));
  clock.late = absl::ZeroDuration();
  clock.Advance(absl::Seconds(2));
  EXPECT_EQ(meter.Worst(), absl::Milliseconds(300));
  EXPECT_EQ(meter.TakeWorst(), absl::Milliseconds(300));
  EXPECT_EQ(meter.TakeWorst(), absl::ZeroDuration());
  clock.Advance(absl::Seconds(70));
  EXPECT_EQ(meter.Worst(), absl::ZeroDuration());
  stop.emit(boost::asio::cancellation_type::terminal);
  loop.Poll();
  EXPECT_TRUE(ended);
}

}  // namespace
}  // namespace postwatch::agent
