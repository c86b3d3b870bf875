// Summaries in a real PostgreSQL: the contract, one that takes over, and a database of the version
// before.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collector/store/incident_wire.h"
#include "collector/store/open_store.h"
#include "collector/store/postgres_schema.h"
#include "tests/contract/history_contract.h"
#include "tests/support/postgres_cluster.h"

namespace postwatch::collector {
namespace {

std::unique_ptr<Store> MakePostgresStore() {
  return OpenStore(PostgresCluster::Get().NewDatabase()).value();
}

INSTANTIATE_TEST_SUITE_P(Postgres, HistoryContract, testing::Values(MakePostgresStore));

int64_t Passed(Store& store) {
  int64_t passed = 0;
  const absl::StatusOr<History> history = store.Summaries({.target = "alpha.test"});
  EXPECT_TRUE(history.ok()) << history.status();
  if (!history.ok()) return -1;
  for (const auto& [key, hour] : history->hours) passed += hour.passed;
  return passed;
}

TEST(PostgresHistoryTest, WhatIsStoredAfterTheLeaseCameBackIsCounted) {
  const std::string uri = PostgresCluster::Get().NewDatabase();
  const SystemClock clock;
  SharedStore a = OpenSharedStore(uri, {}, {.holder = "a"}, clock).value();
  SharedStore b = OpenSharedStore(uri, {}, {.holder = "b"}, clock).value();
  ASSERT_TRUE(a.lease->Acquire().value().ours);
  ASSERT_TRUE(a.store->Append({MakeSighting("a1", 1)}).ok());
  ASSERT_TRUE(a.lease->Release().ok());
  ASSERT_TRUE(b.lease->Acquire().value().ours);
  ASSERT_TRUE(b.store->Append({MakeSighting("a1", 2)}).ok());
  ASSERT_TRUE(b.store->Prune({.observations = absl::InfinitePast()}).ok());
  ASSERT_TRUE(b.lease->Release().ok());
  ASSERT_TRUE(a.lease->Acquire().value().ours);
  ASSERT_TRUE(a.store->Append({MakeSighting("a1", 3)}).ok());
  EXPECT_EQ(Passed(*a.store), 3);
  ASSERT_TRUE(a.store->Prune({.observations = absl::InfiniteFuture()}).ok());
  EXPECT_EQ(Passed(*a.store), 3);
}

TEST(PostgresHistoryTest, ADatabaseOfTheVersionBeforeIsBroughtUpToDateWithWhatItHolds) {
  const std::string uri = PostgresCluster::Get().NewDatabase();
  {
    PostgresConnection old = PostgresCluster::Connect(uri);
    ASSERT_EQ(Migrate(old, PostgresSchema().subspan(0, 1)), absl::OkStatus());
    SightingSerializer serializer;
    const std::string bytes(serializer.Serialize(MakeSighting("a1", 5)));
    PostgresParameters row;
    row.AddTime(MakeSighting("a1", 5).received).AddBytes(bytes);
    ASSERT_TRUE(old.Execute("CREATE TABLE observations_20231114 PARTITION OF observations FOR "
                            "VALUES FROM ('2023-11-14 00:00:00+00') TO ('2023-11-15 00:00:00+00'); "
                            "INSERT INTO spools VALUES('a1', 'spool-1', 5)")
                    .ok());
    const auto inserted = old.Run(
        "INSERT INTO observations(received, agent, target, check_id, outcome, sighting) "
        "VALUES($1, 'a1', 'alpha.test', 'alpha.test/smtp.mx', 0, $2)",
        row);
    ASSERT_TRUE(inserted.ok()) << inserted.status();
  }
  const std::unique_ptr<Store> store = OpenStore(uri).value();
  EXPECT_EQ(store->Watermark("a1", "spool-1").value(), 5u);
  ASSERT_TRUE(store->Append({MakeSighting("a1", 6)}).ok());
  EXPECT_EQ(Passed(*store), 2);
  ASSERT_TRUE(store->Prune({.observations = absl::InfiniteFuture()}).ok());
  EXPECT_EQ(Passed(*store), 2);
}

}  // namespace
}  // namespace postwatch::collector
