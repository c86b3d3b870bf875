#include "collector/store/open_store.h"

#include <gtest/gtest.h>

#include "common/base/text.h"

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
              absl::InvalidArgumentError(
                  "write sqlite: or postgresql: followed by where it is, e.g. "
                  "sqlite:/var/lib/postwatch/collector.db or "
                  "postgresql://postwatch@db.example/postwatch?sslmode=verify-full"))
        << bad;
  }
  EXPECT_EQ(OpenStore("mysql:x").status().message(),
            "open store: write sqlite: or postgresql: followed by where it is, e.g. "
            "sqlite:/var/lib/postwatch/collector.db or "
            "postgresql://postwatch@db.example/postwatch?sslmode=verify-full");
}

TEST(OpenStoreTest, APasswordInTheNameIsRefusedAndNotRepeated) {
  for (std::string_view bad : {"postgresql://u:hunter2@h/d", "postgres://u:hunter2@h/d",
                               "postgresql:u:hunter2", "postgresql://u:hunter2@h:x/d"}) {
    const absl::Status status = OpenStore(bad).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << bad;
    EXPECT_EQ(FromAbsl(status.message()).find("hunter2"), std::string_view::npos) << status;
    EXPECT_EQ(CheckStoreName(bad).code(), absl::StatusCode::kInvalidArgument) << bad;
  }
  EXPECT_EQ(CheckStoreName("postgresql://u@h/d"), absl::OkStatus());
}

TEST(OpenStoreTest, ASharedOneOfSqliteHoldsItsLease) {
  const SystemClock clock;
  absl::StatusOr<SharedStore> shared =
      OpenSharedStore("sqlite::memory:", {}, {.holder = "c1"}, clock);
  ASSERT_TRUE(shared.ok()) << shared.status();
  EXPECT_TRUE(shared->lease->Acquire().value().ours);
  EXPECT_EQ(shared->store->Watermark("a1", "spool").value(), 0u);
}

TEST(OpenStoreTest, WhoCopiesAPostgresqlStoreIsToldTheCommand) {
  const auto untold = [](std::string_view line) { ADD_FAILURE() << line; };
  EXPECT_EQ(
      BackUpStore("postgresql://u@h/d?sslmode=verify-full&application_name=it's", "/b/1", untold),
      absl::UnimplementedError(
          "a store in PostgreSQL is backed up by its own program, while the collector runs:\n"
          "  pg_dump --format=custom --no-owner --file='/b/1' "
          "--dbname='postgresql://u@h/d?sslmode=verify-full&application_name=it'\\''s'\n"
          "It takes a password from the file that PGPASSFILE names (docs/postgresql.md)"));
  EXPECT_EQ(RestoreStore("postgresql://u@h/d", "/b/1", {}, untold),
            absl::UnimplementedError(
                "a store in PostgreSQL is restored by its own program, into a new, empty database "
                "and with no collector running on it:\n"
                "  pg_restore --exit-on-error --single-transaction --no-owner "
                "--dbname='postgresql://u@h/d' '/b/1'\n"
                "It takes a password from the file that PGPASSFILE names (docs/postgresql.md)"));
  const absl::Status hidden = BackUpStore("postgresql://u:hunter2@h/d", "/b/1", untold);
  EXPECT_EQ(hidden.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(FromAbsl(hidden.message()).find("hunter2"), std::string_view::npos) << hidden;
}

TEST(OpenStoreTest, ACorruptOneIsExplainedAndNothingElse) {
  EXPECT_EQ(ExplainStoreFailure("sqlite:/d/c.db", absl::DataLossError("not a database")),
            absl::DataLossError(
                "store sqlite:/d/c.db is corrupt: not a database; it was left as it is. Restore "
                "/d/c.db from a backup; or move it away together with /d/c.db-wal and /d/c.db-shm "
                "to begin with an empty one, which knows no past observations, no open incidents "
                "and not what people have been told"));
  EXPECT_EQ(ExplainStoreFailure("postgresql://u@h/d", absl::DataLossError("bad page")),
            absl::DataLossError(
                "store postgresql://u@h/d is corrupt: bad page; it was left as it is. Restore the "
                "database from a backup; or name another one to begin with an empty one, which "
                "knows no past observations, no open incidents and not what people have been "
                "told"));
  EXPECT_EQ(ExplainStoreFailure("sqlite:/d/c.db", absl::UnavailableError("busy")),
            absl::UnavailableError("busy"));
}

}  // namespace
}  // namespace postwatch::collector
