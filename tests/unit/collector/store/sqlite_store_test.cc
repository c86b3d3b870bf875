#include "collector/store/sqlite_store.h"

#include "tests/contract/history_contract.h"
#include "tests/contract/store_contract.h"

namespace postwatch::collector {
namespace {

std::unique_ptr<Store> MakeMemoryStore() {
  absl::StatusOr<std::unique_ptr<Store>> store = OpenSqliteStore(":memory:");
  EXPECT_TRUE(store.ok()) << store.status();
  return *std::move(store);
}

INSTANTIATE_TEST_SUITE_P(Sqlite, StoreContract, testing::Values(MakeMemoryStore));
INSTANTIATE_TEST_SUITE_P(Sqlite, HistoryContract, testing::Values(MakeMemoryStore));

TEST(SqliteStoreTest, AFolderThatIsNotThereIsRefused) {
  absl::StatusOr<std::unique_ptr<Store>> store = OpenSqliteStore("/nonexistent/folder/x.db");
  EXPECT_EQ(store.status().code(), absl::StatusCode::kNotFound) << store.status();
}

}  // namespace
}  // namespace postwatch::collector
