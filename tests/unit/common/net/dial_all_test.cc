// Several addresses at once: as slow as the slowest, not as their sum.
#include "common/net/dial_all.h"

#include <gtest/gtest.h>

#include "tests/support/fake_clock.h"
#include "tests/support/run_task.h"

namespace postwatch {
namespace {

// Refuses at once or stays silent until the timeout, by the port.
class SlowDialer : public Dialer {
 public:
  explicit SlowDialer(FakeClock& clock) : clock_(clock) {}

  Task<absl::StatusOr<std::unique_ptr<Stream>>> Dial(Address address,
                                                     absl::Duration timeout) override {
    if (address.port == 1) co_return NetStatus(NetError::kRefused, "refused");
    const absl::Status slept = co_await clock_.SleepFor(timeout);
    if (!slept.ok()) co_return NetStatus(NetError::kCancelled, "cancelled");
    co_return NetStatus(NetError::kTimeout, "silence");
  }

 private:
  FakeClock& clock_;
};

TEST(DialAllTest, WaitsForTheSlowestOnly) {
  FakeClock clock;
  SlowDialer dialer(clock);
  const absl::Duration before = clock.Steady();
  const auto outcomes = RunTask(
      DialAll(dialer, {{"192.0.2.1", 2}, {"192.0.2.2", 1}, {"192.0.2.3", 2}}, absl::Seconds(3)),
      clock);
  ASSERT_EQ(outcomes.size(), 3u);
  EXPECT_EQ(GetNetError(outcomes[0].status()), NetError::kTimeout);
  EXPECT_EQ(GetNetError(outcomes[1].status()), NetError::kRefused);
  EXPECT_EQ(GetNetError(outcomes[2].status()), NetError::kTimeout);
  EXPECT_EQ(clock.Steady() - before, absl::Seconds(3));
}

TEST(DialAllTest, NothingToDialIsNothing) {
  FakeClock clock;
  SlowDialer dialer(clock);
  EXPECT_TRUE(RunTask(DialAll(dialer, {}, absl::Seconds(3)), clock).empty());
}

}  // namespace
}  // namespace postwatch
