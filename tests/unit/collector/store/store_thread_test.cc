#include "collector/store/store_thread.h"

#include <gtest/gtest.h>

#include <future>

#include "collector/store/sqlite_store.h"
#include "tests/contract/store_samples.h"
#include "tests/support/fake_store.h"

namespace postwatch::collector {
namespace {

using Numbers = std::vector<uint64_t>;
using Result = absl::StatusOr<std::vector<Sighting>>;

// What an Append was told, to be waited for.
class Answer {
 public:
  StoreThread::Appended Callback() {
    return [promise = promise_](Result result) { promise->set_value(std::move(result)); };
  }
  Result Await() { return future_.get(); }

 private:
  std::shared_ptr<std::promise<Result>> promise_ = std::make_shared<std::promise<Result>>();
  std::future<Result> future_ = promise_->get_future();
};

class StoreThreadTest : public testing::Test {
 protected:
  // Holds the store inside an Append, so that what follows has to queue.
  void Block() {
    fake->Hold();
    thread.Append({MakeSighting("blocker", 1)}, [](Result) {});
    fake->AwaitHeld();
  }

  std::unique_ptr<FakeStore> owned =
      std::make_unique<FakeStore>(OpenSqliteStore(":memory:").value());
  FakeStore* fake = owned.get();
  StoreThread thread{std::move(owned), {.sightings = 4, .work = 2}};
};

TEST_F(StoreThreadTest, WaitingAppendsShareATransactionAndEachHearsOfItsOwn) {
  Answer first, second, third;
  Block();
  thread.Append({MakeSighting("a1", 1), MakeSighting("a1", 2)}, first.Callback());
  thread.Append({MakeSighting("a1", 2)}, second.Callback());
  thread.Append({MakeSighting("a2", 2)}, third.Callback());
  fake->Release();
  EXPECT_EQ(Sequences(first.Await()), Numbers({1, 2}));
  EXPECT_EQ(Sequences(second.Await()), Numbers());
  Result own = third.Await();
  EXPECT_EQ(Sequences(own), Numbers({2}));
  EXPECT_EQ(own->front().vantage.agent, "a2");
  EXPECT_EQ(fake->appends(), std::vector<size_t>({1, 4}));
}

TEST_F(StoreThreadTest, AFailedCommitIsToldToAllWhoSharedIt) {
  Answer first, second, later;
  Block();
  thread.Append({MakeSighting("a1", 1)}, first.Callback());
  thread.Append({MakeSighting("a2", 1)}, second.Callback());
  fake->FailWrites(absl::ResourceExhaustedError("disk full"));
  fake->Release();
  EXPECT_EQ(first.Await().status().message(), "disk full");
  EXPECT_EQ(second.Await().status().message(), "disk full");
  fake->FailWrites(absl::OkStatus());
  thread.Append({MakeSighting("a1", 1)}, later.Callback());
  EXPECT_EQ(Sequences(later.Await()), Numbers({1}));
}

TEST_F(StoreThreadTest, OtherWorkKeepsItsPlaceBetweenAppends) {
  Answer before, after;
  std::promise<uint64_t> seen;
  Block();
  thread.Append({MakeSighting("a1", 1)}, before.Callback());
  ASSERT_TRUE(
      thread
          .Run([&seen](Store& store) { seen.set_value(store.Watermark("a1", "spool-1").value()); })
          .ok());
  thread.Append({MakeSighting("a1", 2)}, after.Callback());
  fake->Release();
  EXPECT_EQ(seen.get_future().get(), 1u);
  EXPECT_EQ(Sequences(after.Await()), Numbers({2}));
  EXPECT_EQ(fake->appends(), std::vector<size_t>({1, 1, 1}));
}

TEST_F(StoreThreadTest, MoreThanMayWaitIsRefusedAtOnce) {
  Answer fits, does_not;
  Block();
  thread.Append({MakeSighting("a1", 1), MakeSighting("a1", 2), MakeSighting("a1", 3)},
                fits.Callback());
  thread.Append({MakeSighting("a2", 1), MakeSighting("a2", 2)}, does_not.Callback());
  EXPECT_EQ(does_not.Await().status().code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(thread.Run([](Store&) {}).ok());
  EXPECT_TRUE(thread.Run([](Store&) {}).ok());
  EXPECT_EQ(thread.Run([](Store&) {}).code(), absl::StatusCode::kUnavailable);
  fake->Release();
  EXPECT_EQ(Sequences(fits.Await()), Numbers({1, 2, 3}));
}

TEST_F(StoreThreadTest, StopFinishesWhatWaitsAndRefusesTheRest) {
  Answer waiting, late;
  bool ran = false;
  Block();
  thread.Append({MakeSighting("a1", 1)}, waiting.Callback());
  ASSERT_TRUE(thread.Run([&ran](Store&) { ran = true; }).ok());
  fake->Release();
  thread.Stop();
  EXPECT_EQ(Sequences(waiting.Await()), Numbers({1}));
  EXPECT_TRUE(ran);
  thread.Append({MakeSighting("a1", 2)}, late.Callback());
  EXPECT_EQ(late.Await().status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(thread.Run([](Store&) {}).code(), absl::StatusCode::kUnavailable);
  thread.Stop();
}

}  // namespace
}  // namespace postwatch::collector
