// SqliteStore with a real file.
#include <gtest/gtest.h>

#include <cstdio>

#include "collector/store/sqlite_store.h"
#include "common/base/ids.h"
#include "common/base/text.h"
#include "common/sqlite/database.h"
#include "tests/contract/store_samples.h"

namespace postwatch::collector {
namespace {

class StoreFileTest : public testing::Test {
 protected:
  ~StoreFileTest() override {
    for (const char* suffix : {"", "-wal", "-shm"}) std::remove((path + suffix).c_str());
  }

  const std::string path = Concat(testing::TempDir(), "/store-", RandomId(), ".db");
};

TEST_F(StoreFileTest, WhatWasStoredIsThereAfterOpeningAgain) {
  Incident incident = MakeIncident("inc-000000000001", absl::ZeroDuration());
  {
    std::unique_ptr<Store> store = OpenSqliteStore(path).value();
    ASSERT_TRUE(store->Append({MakeSighting("a1", 1), MakeSighting("a1", 2)}).ok());
    ASSERT_TRUE(store->Commit({{incident}, {MakeDelivery("al-1", "mail", incident)}}).ok());
  }
  std::unique_ptr<Store> store = OpenSqliteStore(path).value();
  EXPECT_EQ(store->Watermark("a1", "spool-1").value(), 2u);
  EXPECT_EQ(Sequences(store->Observations({})), std::vector<uint64_t>({2, 1}));
  EXPECT_EQ(Ids(store->Incidents({.open_only = true})), std::vector<std::string>({incident.id}));
  EXPECT_EQ(Ids(store->PendingDeliveries(10)), std::vector<std::string>({"al-1/mail"}));
}

TEST_F(StoreFileTest, ADecisionThatFailsHalfWayLeavesNothingBehind) {
  std::unique_ptr<Store> store = OpenSqliteStore(path).value();
  Database saboteur = Database::Open(path).value();
  ASSERT_TRUE(saboteur
                  .Execute("CREATE TRIGGER full BEFORE INSERT ON outbox "
                           "BEGIN SELECT raise(ABORT, 'full'); END")
                  .ok());
  Incident incident = MakeIncident("inc-000000000001", absl::ZeroDuration());
  Decision decision{{incident}, {MakeDelivery("al-1", "mail", incident)}};
  EXPECT_FALSE(store->Commit(decision).ok());
  EXPECT_EQ(Ids(store->Incidents({})), std::vector<std::string>());
  ASSERT_TRUE(saboteur.Execute("DROP TRIGGER full").ok());
  EXPECT_TRUE(store->Commit(decision).ok());
  EXPECT_EQ(Ids(store->Incidents({})), std::vector<std::string>({incident.id}));
}

}  // namespace
}  // namespace postwatch::collector
