#include "collector/store_probe.h"

#include <gtest/gtest.h>

#include "absl/synchronization/notification.h"
#include "collector/store/sqlite_store.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_store.h"

namespace postwatch::collector {
namespace {

const absl::Status kFull = absl::ResourceExhaustedError("disk is full");

class StoreProbeTest : public testing::Test {
 protected:
  // How often the store has been proven to work when everything asked so far is answered.
  int ProofsAfterTick() {
    probe.Tick();
    absl::Notification done;
    EXPECT_TRUE(store.Run([&done](Store&) { done.Notify(); }).ok());
    done.WaitForNotification();
    return proofs;
  }

  FakeClock clock;
  std::unique_ptr<FakeStore> owned =
      std::make_unique<FakeStore>(OpenSqliteStore(":memory:").value());
  FakeStore* fake = owned.get();
  StoreTrouble trouble{"sqlite::memory:", clock};
  int proofs = 0;  // of the store's thread, read after it has answered
  StoreThread store{std::move(owned)};
  StoreProbe probe{store, trouble, clock, [this](Store&) { ++proofs; }};
};

TEST_F(StoreProbeTest, AsksWhenNothingWasCommittedForAWhile) {
  EXPECT_EQ(ProofsAfterTick(), 0);
  clock.Advance(absl::Seconds(9));
  trouble.Works();
  clock.Advance(absl::Seconds(9));
  EXPECT_EQ(ProofsAfterTick(), 0);
  clock.Advance(absl::Seconds(1));
  EXPECT_EQ(ProofsAfterTick(), 1);
  EXPECT_EQ(ProofsAfterTick(), 1);
  EXPECT_EQ(trouble.last_commit(), clock.Steady());
  clock.Advance(absl::Seconds(10));
  EXPECT_EQ(ProofsAfterTick(), 2);
}

TEST_F(StoreProbeTest, NoticesAFailureByItselfAndItsEnd) {
  fake->FailWrites(kFull);
  clock.Advance(absl::Seconds(10));
  EXPECT_EQ(ProofsAfterTick(), 0);
  EXPECT_TRUE(trouble.full());
  EXPECT_EQ(trouble.errors(), 1u);

  fake->FailWrites(absl::OkStatus());
  clock.Advance(absl::Seconds(4));
  EXPECT_EQ(ProofsAfterTick(), 0);
  clock.Advance(absl::Seconds(1));
  EXPECT_EQ(ProofsAfterTick(), 1);
  EXPECT_TRUE(trouble.status().ok());
}

TEST_F(StoreProbeTest, DoesNotAskAgainBeforeItIsAnswered) {
  absl::Notification blocked, go_on;
  ASSERT_TRUE(store
                  .Run([&](Store&) {
                    blocked.Notify();
                    go_on.WaitForNotification();
                  })
                  .ok());
  blocked.WaitForNotification();
  for (int i = 0; i < 5; ++i) {
    clock.Advance(absl::Seconds(10));
    probe.Tick();
  }
  EXPECT_FALSE(trouble.status().ok());  // it hangs
  go_on.Notify();
  EXPECT_EQ(ProofsAfterTick(), 1);
  EXPECT_TRUE(trouble.status().ok());
}

}  // namespace
}  // namespace postwatch::collector
