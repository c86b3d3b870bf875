#include "collector/lease_keeper.h"

#include <gtest/gtest.h>

#include "tests/support/fake_clock.h"

namespace postwatch::collector {
namespace {

constexpr absl::Duration kForEver = absl::InfiniteDuration();

// One that is never asked in these tests' time.
class QuietLease : public Lease {
 public:
  explicit QuietLease(int& released) : released_(released) {}
  absl::StatusOr<LeaseState> Acquire() override { return absl::InternalError("not asked"); }
  absl::StatusOr<LeaseState> Renew() override { return absl::InternalError("not asked"); }
  absl::Status Release() override {
    ++released_;
    return absl::OkStatus();
  }

 private:
  int& released_;
};

LeaseState OursUntil(absl::Duration until) {
  return {.ours = true, .epoch = 7, .holder = "us", .until = until};
}

class LeaseKeeperTest : public ::testing::Test {
 protected:
  FakeClock clock_;
  int released_ = 0;
};

TEST_F(LeaseKeeperTest, ActsUntilItsTermIsOverAndNotAMomentLonger) {
  LeaseKeeper keeper(std::make_unique<QuietLease>(released_),
                     OursUntil(clock_.Steady() + absl::Seconds(6)), clock_);
  EXPECT_TRUE(keeper.Holds());
  clock_.Advance(absl::Seconds(6) - absl::Nanoseconds(1));
  EXPECT_TRUE(keeper.Holds());
  clock_.Advance(absl::Nanoseconds(1));
  EXPECT_FALSE(keeper.Holds());
}

TEST_F(LeaseKeeperTest, OneWithoutEndIsHeldUntilItIsLetGo) {
  LeaseKeeper keeper(std::make_unique<QuietLease>(released_), OursUntil(kForEver), clock_);
  clock_.Advance(absl::Hours(24 * 365));
  EXPECT_TRUE(keeper.Holds());
  keeper.End();
  EXPECT_FALSE(keeper.Holds());
  keeper.End();
  EXPECT_EQ(released_, 1);
}

TEST_F(LeaseKeeperTest, IsLetGoWithTheKeeper) {
  { LeaseKeeper keeper(std::make_unique<QuietLease>(released_), OursUntil(kForEver), clock_); }
  EXPECT_EQ(released_, 1);
}

}  // namespace
}  // namespace postwatch::collector
