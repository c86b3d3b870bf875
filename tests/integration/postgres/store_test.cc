// PostgresStore with a real server: the contract, and what happens when the server or the network
// fails.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "collector/store/observation_days.h"
#include "collector/store/open_store.h"
#include "collector/store/postgres_store.h"
#include "common/base/text.h"
#include "tests/contract/store_contract.h"
#include "tests/support/postgres_cluster.h"
#include "tests/support/socket_proxy.h"

namespace postwatch::collector {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Numbers = std::vector<uint64_t>;

std::unique_ptr<Store> Open(const std::string& uri) {
  absl::StatusOr<std::unique_ptr<Store>> store = OpenStore(uri);
  EXPECT_TRUE(store.ok()) << store.status();
  return *std::move(store);
}

std::unique_ptr<Store> MakePostgresStore() { return Open(PostgresCluster::Get().NewDatabase()); }

INSTANTIATE_TEST_SUITE_P(Postgres, StoreContract, testing::Values(MakePostgresStore));

class PostgresStoreTest : public testing::Test {
 protected:
  // Another connection than the store's, to look at and to break what is there.
  std::string Sql(const std::string& script) {
    absl::StatusOr<std::string> value = PostgresCluster::Connect(uri).Execute(script);
    EXPECT_TRUE(value.ok()) << value.status();
    return value.value_or("");
  }
  std::string Days() {
    return Sql(
        "SELECT string_agg(inhrelid::regclass::text, ' ' ORDER BY inhrelid::regclass::text) FROM "
        "pg_inherits "
        "WHERE inhparent = 'observations'::regclass");
  }
  // Until it is OK, as whoever has been told that it is unavailable tries again.
  template <class Try>
  auto Eventually(Try attempt) {
    auto result = attempt();
    for (int i = 0; i < 200 && !result.ok(); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      result = attempt();
    }
    return result;
  }

  PostgresCluster& cluster = PostgresCluster::Get();
  const std::string uri = cluster.NewDatabase();
};

TEST_F(PostgresStoreTest, WhatWasStoredIsThereAfterOpeningAgain) {
  const Incident incident = MakeIncident("inc-000000000001", absl::ZeroDuration());
  {
    const std::unique_ptr<Store> store = Open(uri);
    ASSERT_TRUE(store->Append({MakeSighting("a1", 1), MakeSighting("a1", 2)}).ok());
    ASSERT_TRUE(store->Commit({{incident}, {MakeDelivery("al-1", "mail", incident)}}).ok());
  }
  const std::unique_ptr<Store> store = Open(uri);
  EXPECT_EQ(store->Watermark("a1", "spool-1").value(), 2u);
  EXPECT_EQ(Sequences(store->Observations({})), Numbers({2, 1}));
  EXPECT_EQ(Ids(store->Incidents({.open_only = true})), std::vector<std::string>({incident.id}));
  EXPECT_EQ(Ids(store->PendingDeliveries(10)), std::vector<std::string>({"al-1/mail"}));
}

TEST_F(PostgresStoreTest, ADecisionThatFailsHalfWayLeavesNothingBehind) {
  const std::unique_ptr<Store> store = Open(uri);
  Sql("ALTER TABLE outbox ADD CONSTRAINT saboteur CHECK (sink <> 'mail')");
  const Incident incident = MakeIncident("inc-000000000001", absl::ZeroDuration());
  const Decision decision{{incident}, {MakeDelivery("al-1", "mail", incident)}};
  EXPECT_EQ(store->Commit(decision).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Ids(store->Incidents({})), std::vector<std::string>());
  Sql("ALTER TABLE outbox DROP CONSTRAINT saboteur");
  EXPECT_TRUE(store->Commit(decision).ok());
  EXPECT_EQ(Ids(store->Incidents({})), std::vector<std::string>({incident.id}));
}

TEST_F(PostgresStoreTest, AnAppendThatFailsLeavesItsBatchesAsTheyWere) {
  const std::unique_ptr<Store> store = Open(uri);
  ASSERT_TRUE(store->Append({MakeSighting("a1", 1)}).ok());
  Sql("ALTER TABLE spools ADD CONSTRAINT saboteur CHECK (watermark < 3)");
  std::vector<Sighting> batches[] = {{MakeSighting("a1", 1), MakeSighting("a1", 3)}};
  EXPECT_EQ(store->AppendAll(absl::MakeSpan(batches)).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(batches[0].size(), 2u);
  EXPECT_EQ(Sequences(store->Observations({})), Numbers({1}));
  EXPECT_EQ(store->Watermark("a1", "spool-1").value(), 1u);
  Sql("ALTER TABLE spools DROP CONSTRAINT saboteur");
  EXPECT_TRUE(store->AppendAll(absl::MakeSpan(batches)).ok());
  EXPECT_EQ(batches[0].size(), 1u);
}

TEST_F(PostgresStoreTest, AnotherOneThatWantsToBeTheOnlyOneIsRefused) {
  std::unique_ptr<Store> store = Open(uri);
  const absl::Status refused = OpenStore(uri).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("another collector"));
  store.reset();
  EXPECT_TRUE(Eventually([this] { return OpenStore(uri); }).ok());
}

TEST_F(PostgresStoreTest, ADatabaseOfANewerProgramIsRefused) {
  Open(uri).reset();
  Sql("UPDATE schema_version SET version = 99");
  const auto refused = Eventually([this]() -> absl::Status {
    const absl::Status status = OpenStore(uri).status();
    return FromAbsl(status.message()).find("version 99") != std::string_view::npos
               ? absl::OkStatus()
               : status;
  });
  EXPECT_TRUE(refused.ok()) << refused;
}

TEST_F(PostgresStoreTest, TextThatPostgresWouldRefuseIsStoredAllTheSame) {
  const std::unique_ptr<Store> store = Open(uri);
  Sighting odd = MakeSighting("a1", 1);
  odd.spool_id = std::string("s\0\xff", 3);
  EXPECT_EQ(Sequences(store->Append({odd})), Numbers({1}));
  EXPECT_EQ(Sequences(store->Append({odd})), Numbers());
  EXPECT_EQ(store->Watermark("a1", odd.spool_id).value(), 1u);
  const Incident incident = MakeIncident("inc-000000000001", absl::ZeroDuration());
  ASSERT_TRUE(store->Commit({{incident}, {MakeDelivery("al-1", "mail", incident)}}).ok());
  const absl::Time now = ContractTime();
  EXPECT_TRUE(store->RecordDelivery("al-1/mail", false, now, now, std::string("\xff\0", 2)).ok());
  EXPECT_EQ(Sql("SELECT error FROM outbox"), "??");
}

TEST_F(PostgresStoreTest, ManyAtOnceGoOverInPieces) {
  const std::unique_ptr<Store> store = Open(uri);
  std::vector<Sighting> many;
  for (uint64_t i = 1; i <= 20000; ++i) many.push_back(MakeSighting("a1", i));
  absl::StatusOr<std::vector<Sighting>> stored = store->Append(std::move(many));
  ASSERT_TRUE(stored.ok()) << stored.status();
  EXPECT_EQ(stored->size(), 20000u);
  EXPECT_EQ(Sql("SELECT count(*) || '/' || count(DISTINCT sighting) FROM observations"),
            "20000/20000");
}

// --- Days. ContractTime is 2023-11-14 22:13:20.

TEST_F(PostgresStoreTest, EachDayHasItsTableAndTheNextIsMadeAhead) {
  const std::unique_ptr<Store> store = Open(uri);
  ASSERT_TRUE(store->Append({MakeSighting("a1", 1)}).ok());
  EXPECT_EQ(Days(), "observations_20231114 observations_20231115");
  ASSERT_TRUE(store->Append({MakeSighting("a1", 7200)}).ok());
  EXPECT_EQ(Days(), "observations_20231114 observations_20231115 observations_20231116");
  EXPECT_EQ(Sql("SELECT count(*) FROM observations_20231115"), "1");
  EXPECT_EQ(Sequences(store->Observations({})), Numbers({7200, 1}));
}

TEST_F(PostgresStoreTest, ADayThatIsOverIsDroppedAndTheRestDeleted) {
  const std::unique_ptr<Store> store = Open(uri);
  ASSERT_TRUE(
      store->Append({MakeSighting("a1", 1), MakeSighting("a1", 7200), MakeSighting("a1", 7300)})
          .ok());
  const absl::Time before = ContractTime() + absl::Seconds(7250);
  EXPECT_TRUE(store->Prune({.observations = before}).value());
  EXPECT_EQ(Days(), "observations_20231115 observations_20231116");
  EXPECT_FALSE(store->Prune({.observations = before}).value());
  EXPECT_EQ(Sequences(store->Observations({})), Numbers({7300}));
  EXPECT_EQ(Sequences(store->Append({MakeSighting("a2", 1)})), Numbers({1}));
  EXPECT_EQ(Days(), "observations_20231114 observations_20231115 observations_20231116");
}

TEST_F(PostgresStoreTest, ADayThatIsBeingReadIsForgottenLaterAndHoldsUpNobody) {
  const std::unique_ptr<Store> store = Open(uri);
  ASSERT_TRUE(store->Append({MakeSighting("a1", 1)}).ok());
  {
    PostgresConnection backup = PostgresCluster::Connect(uri);
    ASSERT_TRUE(backup.Execute("BEGIN; SELECT count(*) FROM observations").ok());
    EXPECT_FALSE(store->Prune({.observations = absl::InfiniteFuture()}).value());
    EXPECT_EQ(Sequences(store->Append({MakeSighting("a1", 90000)})), Numbers({90000}));
  }
  EXPECT_TRUE(Eventually([&store]() -> absl::Status {
                const absl::StatusOr<bool> dropped =
                    store->Prune({.observations = ContractTime() + absl::Hours(2)});
                return dropped.ok() && *dropped ? absl::OkStatus() : absl::UnavailableError("");
              }).ok());
  EXPECT_EQ(Sequences(store->Observations({})), Numbers({90000}));
}

TEST_F(PostgresStoreTest, ATableThatSomebodyDroppedIsMadeAgain) {
  const std::unique_ptr<Store> store = Open(uri);
  ASSERT_TRUE(store->Append({MakeSighting("a1", 1)}).ok());
  Sql("DROP TABLE observations_20231114");
  EXPECT_FALSE(store->Append({MakeSighting("a1", 2)}).ok());
  EXPECT_EQ(Sequences(store->Append({MakeSighting("a1", 2)})), Numbers({2}));
}

// --- What fails.

TEST_F(PostgresStoreTest, AServerThatComesBackIsGoneBackTo) {
  const std::unique_ptr<Store> store = Open(uri);
  ASSERT_TRUE(store->Append({MakeSighting("a1", 1)}).ok());
  cluster.Stop();
  EXPECT_EQ(store->Append({MakeSighting("a1", 2)}).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(store->Observations({}).status().code(), absl::StatusCode::kUnavailable);
  cluster.Start();
  EXPECT_EQ(Sequences(Eventually([&] { return store->Append({MakeSighting("a1", 2)}); })),
            Numbers({2}));
  EXPECT_EQ(Sequences(store->Observations({})), Numbers({2, 1}));
}

TEST_F(PostgresStoreTest, AServerThatRestartedIsNoticedByNobody) {
  const std::unique_ptr<Store> store = Open(uri);
  ASSERT_TRUE(store->Append({MakeSighting("a1", 1)}).ok());
  cluster.Stop();
  cluster.Start();
  EXPECT_EQ(Sequences(store->Append({MakeSighting("a1", 2)})), Numbers({2}));
  EXPECT_EQ(store->Watermark("a1", "spool-1").value(), 2u);
}

class PostgresStoreOverProxyTest : public PostgresStoreTest {
 protected:
  SocketProxy proxy{cluster.Socket(6010), cluster.Socket()};
  const std::string through = cluster.Through(uri, 6010);
};

TEST_F(PostgresStoreOverProxyTest, ACutConnectionIsNoticedByNobody) {
  const std::unique_ptr<Store> store = Open(through);
  ASSERT_TRUE(store->Append({MakeSighting("a1", 1)}).ok());
  proxy.Cut();
  EXPECT_EQ(Sequences(store->Append({MakeSighting("a1", 2)})), Numbers({2}));
  proxy.Cut();
  EXPECT_EQ(Sequences(store->Observations({})), Numbers({2, 1}));
  proxy.Cut();
  EXPECT_TRUE(store->SaveAgent({.vantage = {.agent = "a1"}}).ok());
}

TEST_F(PostgresStoreOverProxyTest, ACommitWhoseAnswerIsLostCountsOnce) {
  const std::unique_ptr<Store> store = Open(through);
  ASSERT_TRUE(store->Append({MakeSighting("a1", 1)}).ok());
  proxy.LoseAnswerTo("INSERT INTO spools");
  EXPECT_EQ(Sequences(store->Append({MakeSighting("a1", 2), MakeSighting("a1", 3)})),
            Numbers({2, 3}));
  EXPECT_EQ(Sequences(store->Observations({})), Numbers({3, 2, 1}));
  EXPECT_EQ(Sequences(store->Append({MakeSighting("a1", 2), MakeSighting("a1", 3)})), Numbers());
  EXPECT_EQ(store->Watermark("a1", "spool-1").value(), 3u);
}

TEST_F(PostgresStoreOverProxyTest, WhatACommitStoredThatNobodyHeardOfIsNewOnceMore) {
  const std::unique_ptr<Store> store = Open(through);
  ASSERT_TRUE(store->Append({MakeSighting("a1", 1)}).ok());
  proxy.LoseAnswerTo("INSERT INTO spools", /*then_stall=*/true);
  EXPECT_EQ(store->Append({MakeSighting("a1", 2), MakeSighting("a1", 3)}).status().code(),
            absl::StatusCode::kUnavailable);
  EXPECT_EQ(Sql("SELECT watermark FROM spools"), "3");
  proxy.Resume();
  EXPECT_EQ(Eventually([&] { return store->Watermark("a1", "spool-1"); }).value(), 1u);
  EXPECT_EQ(Sequences(store->Append({MakeSighting("a1", 2), MakeSighting("a1", 3),
                                     MakeSighting("a1", 4), MakeSighting("a1", 2)})),
            Numbers({2, 3, 4}));
  EXPECT_EQ(store->Watermark("a1", "spool-1").value(), 4u);
  EXPECT_EQ(Sequences(store->Observations({})), Numbers({4, 3, 2, 1}));
}

TEST_F(PostgresStoreOverProxyTest, ASilentServerIsGivenUpAfterABoundedTime) {
  PostgresOptions hasty{.uri = through,
                        .connect_timeout = absl::Seconds(2),
                        .statement_timeout = absl::Milliseconds(500),
                        .patience = absl::Milliseconds(500)};
  const std::unique_ptr<Store> store = OpenPostgresStore(hasty, nullptr).value();
  proxy.Stall();
  const SystemClock clock;
  const absl::Duration before = clock.Steady();
  EXPECT_EQ(store->Append({MakeSighting("a1", 1)}).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_LT(clock.Steady() - before, absl::Seconds(8));
  const absl::Duration again = clock.Steady();
  EXPECT_EQ(store->Append({MakeSighting("a1", 1)}).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_LT(clock.Steady() - again, absl::Milliseconds(500));  // it has just been tried
}

}  // namespace
}  // namespace postwatch::collector
