// Summaries in a real SQLite file: across versions, and when a step is cut off.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "collector/store/incident_wire.h"
#include "collector/store/sqlite_schema.h"
#include "collector/store/sqlite_store.h"
#include "common/sqlite/database.h"
#include "tests/contract/store_samples.h"
#include "tests/support/test_folder.h"

namespace postwatch::collector {
namespace {

constexpr Horizon kKeepAll{.observations = absl::InfinitePast()};
constexpr std::string_view kInsert =
    "INSERT INTO observations(received, agent, target, check_id, outcome, sighting) "
    "VALUES(?1, 'a1', 'alpha.test', 'alpha.test/smtp.mx', 0, ?2)";

class StoreHistoryTest : public testing::Test {
 protected:
  // A store of an earlier version, with observations 1 to `count` and what else it keeps.
  void MakeOld(size_t version, uint64_t count) {
    Database old = Database::Open(path).value();
    ASSERT_EQ(Migrate(old, SqliteSchema().subspan(0, version)), absl::OkStatus());
    SightingSerializer serializer;
    Statement insert = old.Prepare(kInsert).value();
    for (uint64_t i = 1; i <= count; ++i) {
      const Sighting sighting = MakeSighting("a1", i);
      insert.BindTime(1, sighting.received).BindBlob(2, serializer.Serialize(sighting));
      ASSERT_TRUE(insert.Run().ok());
    }
    Statement mark = old.Prepare("INSERT INTO spools VALUES('a1', 'spool-1', ?1)").value();
    mark.Bind(1, static_cast<int64_t>(count));
    ASSERT_TRUE(mark.Run().ok());
  }
  static int64_t Passed(Store& store) {
    int64_t passed = 0;
    const absl::StatusOr<History> history = store.Summaries({.target = "alpha.test"});
    EXPECT_TRUE(history.ok()) << history.status();
    if (!history.ok()) return -1;
    for (const auto& [key, hour] : history->hours) passed += hour.passed;
    return passed;
  }
  int64_t Ask(std::string_view question) {
    Database database = Database::Open(path).value();
    Statement query = database.Prepare(question).value();
    return query.Step().value() ? query.Int(0) : -1;
  }

  const TestFolder folder;
  const std::string path = folder / "c.db";
};

TEST_F(StoreHistoryTest, AStoreOfEachEarlierVersionIsBroughtUpToDateWithWhatItHolds) {
  for (size_t version = 1; version < SqliteSchema().size(); ++version) {
    std::filesystem::remove(path);
    MakeOld(version, 5);
    const std::unique_ptr<Store> store = OpenSqliteStore(path).value();
    EXPECT_EQ(store->Watermark("a1", "spool-1").value(), 5u);
    EXPECT_EQ(Sequences(store->Append({MakeSighting("a1", 5), MakeSighting("a1", 6)})),
              std::vector<uint64_t>({6}));
    EXPECT_EQ(Passed(*store), 6);
    ASSERT_TRUE(store->Prune({.observations = absl::InfiniteFuture()}).ok());
    EXPECT_EQ(Passed(*store), 6);
  }
}

TEST_F(StoreHistoryTest, AnUpgradeThatFailsHalfWayLeavesTheOldStore) {
  MakeOld(2, 3);
  ASSERT_TRUE(Database::Open(path)->Execute("CREATE TABLE summarised(in_its_way)").ok());
  EXPECT_FALSE(OpenSqliteStore(path).ok());
  EXPECT_EQ(Ask("PRAGMA user_version"), 2);
  EXPECT_EQ(Ask("SELECT count(*) FROM sqlite_schema WHERE name = 'summaries'"), 0);
  ASSERT_TRUE(Database::Open(path)->Execute("DROP TABLE summarised").ok());
  EXPECT_EQ(Passed(*OpenSqliteStore(path).value()), 3);
}

TEST_F(StoreHistoryTest, AnUpgradeThatIsKilledIsDoneTheNextTime) {
  MakeOld(2, 3);
  const pid_t child = ::fork();
  if (child == 0) {
    Database database = Database::Open(path).value();
    Transaction transaction = Transaction::Begin(database).value();
    database.Execute(SqliteSchema()[2]).IgnoreError();
    database.Execute("INSERT INTO spools VALUES('a9', 'half', 9); PRAGMA user_version=3")
        .IgnoreError();
    ::raise(SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(Ask("PRAGMA user_version"), 2);
  const std::unique_ptr<Store> store = OpenSqliteStore(path).value();
  EXPECT_EQ(store->Watermark("a9", "half").value(), 0u);
  EXPECT_EQ(Passed(*store), 3);
}

TEST_F(StoreHistoryTest, AStepThatIsCutOffCountsNothingAndForgetsNothing) {
  const std::unique_ptr<Store> store = OpenSqliteStore(path).value();
  ASSERT_TRUE(store->Append({MakeSighting("a1", 1), MakeSighting("a1", 2)}).ok());
  Database saboteur = Database::Open(path).value();
  ASSERT_TRUE(saboteur
                  .Execute("CREATE TRIGGER full BEFORE UPDATE ON summarised "
                           "BEGIN SELECT raise(ABORT, 'full'); END")
                  .ok());
  EXPECT_FALSE(store->Prune({.observations = absl::InfiniteFuture()}).ok());
  EXPECT_EQ(Ask("SELECT count(*) FROM summaries"), 0);
  EXPECT_EQ(Sequences(store->Observations({})), std::vector<uint64_t>({2, 1}));
  ASSERT_TRUE(saboteur.Execute("DROP TRIGGER full").ok());
  ASSERT_TRUE(store->Prune(kKeepAll).ok());
  EXPECT_EQ(Ask("SELECT count(*) FROM summaries"), 1);
  EXPECT_EQ(Passed(*store), 2);
}

TEST_F(StoreHistoryTest, TheMarkSurvivesARestart) {
  ASSERT_TRUE(OpenSqliteStore(path).value()->Append({MakeSighting("a1", 1)}).ok());
  ASSERT_TRUE(OpenSqliteStore(path).value()->Prune(kKeepAll).ok());
  const std::unique_ptr<Store> store = OpenSqliteStore(path).value();
  ASSERT_TRUE(store->Append({MakeSighting("a1", 2)}).ok());
  ASSERT_TRUE(store->Prune(kKeepAll).ok());
  EXPECT_EQ(Passed(*store), 2);
}

TEST_F(StoreHistoryTest, ADamagedRowIsLeftOutAndHoldsUpNothing) {
  MakeOld(2, 2);
  ASSERT_TRUE(
      Database::Open(path)->Execute("UPDATE observations SET sighting = x'ff' WHERE row = 1").ok());
  const std::unique_ptr<Store> store = OpenSqliteStore(path).value();
  ASSERT_TRUE(store->Prune({.observations = absl::InfiniteFuture()}).ok());
  EXPECT_EQ(Passed(*store), 1);
  EXPECT_EQ(Ask("SELECT count(*) FROM observations"), 0);
}

}  // namespace
}  // namespace postwatch::collector
