// The programs' files across versions: one of a newer version is refused with words and left alone,
// one whose upgrade was cut off is as it was before.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "agent/probes/sqlite_ledger.h"
#include "agent/uplink/spool.h"
#include "collector/store/sqlite_store.h"
#include "common/base/text.h"
#include "common/sqlite/database.h"
#include "tests/contract/store_samples.h"
#include "tests/support/fake_clock.h"
#include "tests/support/test_folder.h"

namespace postwatch {
namespace {

using testing::HasSubstr;

class SchemaUpgradeTest : public testing::Test {
 protected:
  int64_t Ask(const std::string& question) {
    Database database = Database::Open(path_).value();
    Statement query = database.Prepare(question).value();
    return query.Step().value() ? query.Int(0) : -1;
  }
  void Raise(int64_t version) {
    Database database = Database::Open(path_).value();
    ASSERT_TRUE(database.Execute(Concat("PRAGMA user_version=", version)).ok());
  }
  // Of `opened` on a file that a newer program has left.
  void ExpectRefused(const absl::Status& opened, int64_t version) {
    EXPECT_EQ(opened.code(), absl::StatusCode::kFailedPrecondition) << opened;
    const std::string words(FromAbsl(opened.message()));
    EXPECT_THAT(words,
                HasSubstr(Concat("has schema version ", version, ", this program knows up to ")));
    EXPECT_THAT(words, HasSubstr("use a newer program or restore an older copy of the file"));
    EXPECT_EQ(Ask("PRAGMA user_version"), version);
    EXPECT_FALSE(std::filesystem::exists(path_ + ".corrupt"));
  }

  const TestFolder folder_;
  const std::string path_ = Concat(folder_.path(), "/file.db");
  FakeClock clock_;
};

TEST_F(SchemaUpgradeTest, AStoreOfANewerVersionIsRefusedAndLeftAlone) {
  {
    const auto store = collector::OpenSqliteStore(path_).value();
    ASSERT_TRUE(store->Append({collector::MakeSighting("a1", 1)}).ok());
  }
  Raise(1000);
  ExpectRefused(collector::OpenSqliteStore(path_).status(), 1000);
  EXPECT_EQ(Ask("SELECT count(*) FROM observations"), 1);
}

TEST_F(SchemaUpgradeTest, ASpoolOfANewerVersionIsRefusedAndLeftAlone) {
  const std::string id = agent::Spool::Open(path_, {}, clock_).value()->id();
  Raise(1001);
  ExpectRefused(agent::Spool::Open(path_, {}, clock_).status(), 1001);
}

TEST_F(SchemaUpgradeTest, ALedgerOfANewerVersionIsRefusedAndLeftAlone) {
  ASSERT_TRUE(agent::OpenSqliteLedger(path_, clock_).value()->Keep("c", "k", "a note").ok());
  Raise(1002);
  ExpectRefused(agent::OpenSqliteLedger(path_, clock_).status(), 1002);
  EXPECT_EQ(Ask("SELECT count(*) FROM notes"), 1);
}

// The store's own scripts, as the version before would have left it, are not to be had: these have
// the same machinery do what a real upgrade does, in a process that is killed half-way.
TEST_F(SchemaUpgradeTest, AnUpgradeThatIsKilledLeavesTheOldFileAndIsDoneTheNextTime) {
  const std::vector<std::string_view> old = {
      "CREATE TABLE seen(id INTEGER PRIMARY KEY, what TEXT); "
      "INSERT INTO seen(what) VALUES ('one'), ('two')"};
  std::vector<std::string_view> upgraded = old;
  upgraded.push_back(
      "CREATE TABLE seen_new(id INTEGER PRIMARY KEY, what TEXT, often INTEGER NOT NULL); "
      "INSERT INTO seen_new SELECT id, what, 1 FROM seen; "
      "DROP TABLE seen; ALTER TABLE seen_new RENAME TO seen");
  {
    Database database = Database::Open(path_).value();
    ASSERT_TRUE(Migrate(database, old).ok());
  }
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    absl::StatusOr<Database> database = Database::Open(path_);
    if (!database.ok()) ::_exit(1);
    absl::StatusOr<Transaction> transaction = Transaction::Begin(*database);
    const bool begun = transaction.ok() && database->Execute(upgraded[1]).ok() &&
                       database->Execute("PRAGMA user_version=2").ok();
    if (!begun) ::_exit(2);
    ::kill(::getpid(), SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << status;
  EXPECT_EQ(Ask("PRAGMA user_version"), 1);
  EXPECT_EQ(Ask("SELECT count(*) FROM seen WHERE what IN ('one', 'two')"), 2);
  EXPECT_EQ(Ask("SELECT count(*) FROM sqlite_schema WHERE name = 'seen_new'"), 0);
  {
    Database database = Database::Open(path_).value();
    ASSERT_TRUE(Migrate(database, upgraded).ok());
  }
  EXPECT_EQ(Ask("PRAGMA user_version"), 2);
  EXPECT_EQ(Ask("SELECT sum(often) FROM seen"), 2);
}

}  // namespace
}  // namespace postwatch
