#include "collector/store/open_store.h"

#include <gtest/gtest.h>

namespace postwatch::collector {
namespace {

TEST(OpenStoreTest, OpensWhatTheTableNames) {
  absl::StatusOr<std::unique_ptr<Store>> store = OpenStore("sqlite::memory:");
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_EQ((*store)->Watermark("a1", "spool").value(), 0u);
  EXPECT_EQ(CheckStoreName("sqlite::memory:"), absl::OkStatus());
}

TEST(OpenStoreTest, RefusesEverythingElseAndSaysWhatThereIs) {
  for (std::string_view bad : {"", "sqlite", "sqlite:", "mysql:x", ":memory:", "/var/lib/x.db"}) {
    absl::Status status = OpenStore(bad).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << bad;
    EXPECT_EQ(CheckStoreName(bad),
              absl::InvalidArgumentError("write sqlite: followed by where it is, e.g. "
                                         "sqlite:/var/lib/postwatch/collector.db"))
        << bad;
  }
  EXPECT_EQ(OpenStore("mysql:x").status().message(),
            "open store \"mysql:x\": write sqlite: followed by where it is, e.g. "
            "sqlite:/var/lib/postwatch/collector.db");
}

TEST(OpenStoreTest, ACorruptOneIsExplainedAndNothingElse) {
  EXPECT_EQ(ExplainStoreFailure("sqlite:/d/c.db", absl::DataLossError("not a database")),
            absl::DataLossError(
                "store sqlite:/d/c.db is corrupt: not a database; it was left as it is. Restore "
                "/d/c.db from a backup; or move it away together with /d/c.db-wal and /d/c.db-shm "
                "to begin with an empty one, which knows no past observations, no open incidents "
                "and not what people have been told"));
  EXPECT_EQ(ExplainStoreFailure("sqlite:/d/c.db", absl::UnavailableError("busy")),
            absl::UnavailableError("busy"));
}

}  // namespace
}  // namespace postwatch::collector
