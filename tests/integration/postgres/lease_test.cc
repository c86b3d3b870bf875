// PostgresLease with a real server: one holder at a time, whatever becomes of the others.
#include <gtest/gtest.h>

#include <thread>

#include "collector/store/open_store.h"
#include "collector/store/postgres_lease.h"
#include "collector/store/postgres_store.h"
#include "common/base/text.h"
#include "tests/contract/lease_contract.h"
#include "tests/contract/store_samples.h"
#include "tests/support/postgres_cluster.h"
#include "tests/support/socket_proxy.h"

namespace postwatch::collector {
namespace {

constexpr absl::Duration kTerm = absl::Milliseconds(800);
const SystemClock kClock;

// One collector's store and lease. Does not wait long for a server that does not answer.
struct Side {
  Side(const std::string& uri, const std::string& holder, absl::Duration term = kTerm) {
    const PostgresOptions database{.uri = uri,
                                   .connect_timeout = absl::Seconds(2),
                                   .statement_timeout = absl::Seconds(1),
                                   .lock_timeout = absl::Seconds(1),
                                   .patience = absl::Milliseconds(500)};
    absl::StatusOr<std::unique_ptr<Store>> opened = OpenPostgresStore(database, fence);
    EXPECT_TRUE(opened.ok()) << opened.status();
    store = *std::move(opened);
    lease = MakePostgresLease(database, {holder, term}, kClock, fence);
  }

  // Whether it has it; the test's failure when it cannot be asked.
  bool Takes() {
    const absl::StatusOr<LeaseState> state = lease->Acquire();
    EXPECT_TRUE(state.ok()) << state.status();
    return state.ok() && state->ours;
  }
  bool TakesWithin(absl::Duration longest) {
    const absl::Duration start = kClock.Steady();
    while (kClock.Steady() - start < longest) {
      if (Takes()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return false;
  }
  absl::Status Append(uint64_t sequence) {
    return store->Append({MakeSighting("a1", sequence)}).status();
  }

  std::shared_ptr<Fence> fence = std::make_shared<Fence>();
  std::unique_ptr<Store> store;
  std::unique_ptr<Lease> lease;
};

std::unique_ptr<Lease> MakeLeaseOfC1() {
  return std::move(Side(PostgresCluster::Get().NewDatabase(), "c1").lease);
}

INSTANTIATE_TEST_SUITE_P(Postgres, LeaseContract, testing::Values(MakeLeaseOfC1));

class PostgresLeaseTest : public testing::Test {
 protected:
  PostgresCluster& cluster = PostgresCluster::Get();
  const std::string uri = cluster.NewDatabase();
};

TEST_F(PostgresLeaseTest, WithoutItNothingIsWritten) {
  Side a(uri, "a");
  EXPECT_EQ(a.Append(1).code(), absl::StatusCode::kAborted);
  EXPECT_EQ(a.store->SaveAgent({}).code(), absl::StatusCode::kAborted);
  EXPECT_EQ(a.store->Commit({}).code(), absl::StatusCode::kAborted);
  EXPECT_EQ(a.store->Prune({.observations = absl::InfiniteFuture()}).status().code(),
            absl::StatusCode::kAborted);
  EXPECT_EQ(a.lease->Renew().status().code(), absl::StatusCode::kAborted);
  EXPECT_EQ(a.store->Watermark("a1", "spool-1").value(), 0u);
  EXPECT_TRUE(a.Takes());
  EXPECT_EQ(a.Append(1), absl::OkStatus());
}

TEST_F(PostgresLeaseTest, OfManyWhoRaceOneHasIt) {
  constexpr int kRacers = 8;
  std::vector<std::unique_ptr<Side>> sides;
  for (int i = 0; i < kRacers; ++i) {
    sides.push_back(std::make_unique<Side>(uri, Concat("c", i), absl::Seconds(30)));
  }
  std::vector<LeaseState> states(kRacers);
  std::vector<std::thread> racers;
  for (size_t i = 0; i < kRacers; ++i) {
    racers.emplace_back([&, i] { states[i] = sides[i]->lease->Acquire().value(); });
  }
  for (std::thread& racer : racers) racer.join();
  const auto winner = std::ranges::find(states, true, &LeaseState::ours);
  ASSERT_NE(winner, states.end());
  EXPECT_EQ(std::ranges::count(states, true, &LeaseState::ours), 1);
  for (size_t i = 0; i < kRacers; ++i) {
    EXPECT_EQ(states[i].epoch, 1u);
    EXPECT_EQ(states[i].holder, winner->holder);
    EXPECT_EQ(sides[i]->Append(1).ok(), states[i].ours);
  }
}

TEST_F(PostgresLeaseTest, WhoDoesNotRenewLosesItAndIsRefused) {
  Side a(uri, "a");
  Side b(uri, "b");
  ASSERT_TRUE(a.Takes());
  ASSERT_EQ(a.Append(1), absl::OkStatus());
  const LeaseState seen = b.lease->Acquire().value();
  EXPECT_FALSE(seen.ours);
  EXPECT_EQ(seen.holder, "a");
  EXPECT_EQ(seen.epoch, 1u);
  EXPECT_GT(seen.until, absl::ZeroDuration());
  EXPECT_LE(seen.until, kTerm);
  ASSERT_TRUE(b.TakesWithin(absl::Seconds(5)));
  // a does not know yet.
  EXPECT_EQ(a.Append(2).code(), absl::StatusCode::kAborted);
  EXPECT_EQ(a.store->SaveAgent({}).code(), absl::StatusCode::kAborted);
  EXPECT_EQ(a.store->Prune({.observations = absl::InfiniteFuture()}).status().code(),
            absl::StatusCode::kAborted);
  const absl::Status lost = a.lease->Renew().status();
  EXPECT_EQ(lost, absl::AbortedError("renew the lease of epoch 1: it is no longer ours; \"b\" had "
                                     "it last, in epoch 2"));
  EXPECT_EQ(a.Append(2).code(), absl::StatusCode::kAborted);
  EXPECT_EQ(b.Append(2), absl::OkStatus());
  EXPECT_EQ(Sequences(a.store->Observations({})), std::vector<uint64_t>({2, 1}));
}

TEST_F(PostgresLeaseTest, WhoRenewsKeepsIt) {
  Side a(uri, "a");
  Side b(uri, "b");
  ASSERT_TRUE(a.Takes());
  for (int i = 0; i < 8; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    ASSERT_TRUE(a.lease->Renew().ok());
    EXPECT_FALSE(b.Takes());
  }
}

TEST_F(PostgresLeaseTest, WhoRenewsLateStillHasItIfNobodyTookIt) {
  Side a(uri, "a");
  ASSERT_TRUE(a.Takes());
  std::this_thread::sleep_for(absl::ToChronoMilliseconds(kTerm * 1.5));
  EXPECT_EQ(a.Append(1), absl::OkStatus());
  EXPECT_EQ(a.lease->Renew().value().epoch, 1u);
}

TEST_F(PostgresLeaseTest, ItsEndIsReckonedFromBeforeItWasAsked) {
  Side a(uri, "a");
  const absl::Duration before = kClock.Steady();
  const LeaseState state = a.lease->Acquire().value();
  EXPECT_GE(state.until, before + kTerm);
  EXPECT_LE(state.until, kClock.Steady() + kTerm);
}

TEST_F(PostgresLeaseTest, WhatIsLetGoOfIsTakenAtOnce) {
  Side a(uri, "a", absl::Hours(1));
  Side b(uri, "b");
  ASSERT_TRUE(a.Takes());
  EXPECT_FALSE(b.Takes());
  ASSERT_TRUE(a.lease->Release().ok());
  EXPECT_EQ(a.Append(1).code(), absl::StatusCode::kAborted);
  EXPECT_TRUE(b.Takes());
  EXPECT_EQ(b.Append(1), absl::OkStatus());
}

// What is under way when the lease goes over is refused, and the lease does not wait for it.
TEST_F(PostgresLeaseTest, AnOpenTransactionOfTheOldHolderNeitherHoldsItUpNorComesThrough) {
  Side a(uri, "a");
  Side b(uri, "b");
  ASSERT_TRUE(a.Takes());
  PostgresConnection old = PostgresCluster::Connect(uri);
  absl::StatusOr<PostgresTransaction> transaction = PostgresTransaction::Begin(old);
  ASSERT_TRUE(old.Execute("INSERT INTO agents VALUES('a1', '')").ok());
  ASSERT_TRUE(b.TakesWithin(absl::Seconds(3)));
  EXPECT_EQ(transaction->Commit("SELECT check_lease(1); ").code(), absl::StatusCode::kAborted);
  EXPECT_EQ(old.Execute("ROLLBACK; SELECT count(*) FROM agents").value(), "0");
}

TEST_F(PostgresLeaseTest, AHolderWhoseConnectionIsCutKeepsIt) {
  SocketProxy proxy(cluster.Socket(6020), cluster.Socket());
  Side a(cluster.Through(uri, 6020), "a", absl::Seconds(30));
  ASSERT_TRUE(a.Takes());
  ASSERT_EQ(a.Append(1), absl::OkStatus());
  proxy.Cut();
  EXPECT_EQ(a.lease->Renew().value().epoch, 1u);
  EXPECT_EQ(a.Append(2), absl::OkStatus());
}

TEST_F(PostgresLeaseTest, AnAnswerThatIsLostDoesNotLoseIt) {
  SocketProxy proxy(cluster.Socket(6021), cluster.Socket());
  Side a(cluster.Through(uri, 6021), "a", absl::Seconds(30));
  proxy.LoseAnswerTo("UPDATE lease");
  const LeaseState state = a.lease->Acquire().value();
  EXPECT_TRUE(state.ours);
  EXPECT_EQ(state.epoch, 1u);
  EXPECT_EQ(a.Append(1), absl::OkStatus());
}

TEST_F(PostgresLeaseTest, AHolderBehindAPartitionIsRefusedWhenItComesBack) {
  SocketProxy proxy(cluster.Socket(6022), cluster.Socket());
  Side a(cluster.Through(uri, 6022), "a");
  Side b(uri, "b");
  ASSERT_TRUE(a.Takes());
  ASSERT_EQ(a.Append(1), absl::OkStatus());
  proxy.Stall();
  const absl::Duration start = kClock.Steady();
  ASSERT_TRUE(b.TakesWithin(absl::Seconds(5)));
  EXPECT_EQ(b.Append(2), absl::OkStatus());
  EXPECT_EQ(a.Append(2).code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(a.lease->Renew().status().code(), absl::StatusCode::kUnavailable);
  EXPECT_LT(kClock.Steady() - start, absl::Seconds(15));
  proxy.Resume();
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));  // it has just been tried
  EXPECT_EQ(a.Append(3).code(), absl::StatusCode::kAborted);
  EXPECT_EQ(a.lease->Renew().status().code(), absl::StatusCode::kAborted);
  EXPECT_EQ(b.Append(3), absl::OkStatus());
  EXPECT_EQ(Sequences(b.store->Observations({})), std::vector<uint64_t>({3, 2, 1}));
}

// A commit that reaches the server after the lease has gone over: the network held it back.
TEST_F(PostgresLeaseTest, AWriteThatThePartitionHeldBackIsRefused) {
  SocketProxy proxy(cluster.Socket(6023), cluster.Socket());
  Side a(cluster.Through(uri, 6023), "a");
  Side b(uri, "b");
  ASSERT_TRUE(a.Takes());
  ASSERT_EQ(a.Append(1), absl::OkStatus());
  proxy.Stall();
  std::thread held([&a] { EXPECT_FALSE(a.Append(2).ok()); });
  ASSERT_TRUE(b.TakesWithin(absl::Seconds(5)));
  proxy.Resume();
  held.join();
  EXPECT_EQ(Sequences(b.store->Observations({})), std::vector<uint64_t>({1}));
  EXPECT_EQ(b.store->Watermark("a1", "spool-1").value(), 1u);
}

TEST_F(PostgresLeaseTest, AServerThatRestartedStillKnowsWhoseItIs) {
  Side a(uri, "a", absl::Seconds(30));
  Side b(uri, "b");
  ASSERT_TRUE(a.Takes());
  cluster.Stop();
  cluster.Start();
  EXPECT_EQ(a.lease->Renew().value().epoch, 1u);
  EXPECT_FALSE(b.Takes());
  EXPECT_EQ(a.Append(1), absl::OkStatus());
}

TEST_F(PostgresLeaseTest, ANewHolderSeesAllThatTheOldOneCommitted) {
  Side a(uri, "a");
  Side b(uri, "b");
  ASSERT_TRUE(a.Takes());
  ASSERT_EQ(a.Append(1), absl::OkStatus());
  ASSERT_TRUE(a.lease->Release().ok());
  ASSERT_TRUE(b.Takes());
  ASSERT_EQ(b.Append(2), absl::OkStatus());
  ASSERT_TRUE(b.lease->Release().ok());
  ASSERT_TRUE(a.Takes());
  // What a remembers of the watermark is of its first epoch.
  EXPECT_EQ(Sequences(a.store->Append({MakeSighting("a1", 2), MakeSighting("a1", 3)})),
            std::vector<uint64_t>({3}));
}

}  // namespace
}  // namespace postwatch::collector
