#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "common/sqlite/database.h"
#include "common/sqlite/set_aside.h"
#include "tests/support/test_folder.h"

namespace postwatch {
namespace {

class SqliteFileTest : public testing::Test {
 protected:
  Database Open(DatabaseOptions options = {}) {
    absl::StatusOr<Database> database = Database::Open(path_, options);
    EXPECT_TRUE(database.ok()) << database.status();
    return *std::move(database);
  }

  static int64_t Count(Database& database, std::string_view sql) {
    absl::StatusOr<Statement> statement = database.Prepare(sql);
    EXPECT_TRUE(statement.ok()) << statement.status();
    absl::StatusOr<bool> row = statement->Step();
    EXPECT_TRUE(row.ok() && *row) << row.status();
    return statement->Int(0);
  }

  TestFolder directory_;
  const std::string path_ = directory_ / "test.db";
};

TEST_F(SqliteFileTest, NewFilesArePrivateAndInWalMode) {
  Database db = Open();
  ASSERT_TRUE(db.Execute("CREATE TABLE t(v); INSERT INTO t VALUES(1)").ok());
  struct stat about = {};
  ASSERT_EQ(stat(path_.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600u);
  ASSERT_EQ(stat((path_ + "-wal").c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600u);
  ASSERT_TRUE(db.Checkpoint().ok());
  EXPECT_EQ(std::filesystem::file_size(path_ + "-wal"), 0u);
  EXPECT_TRUE(db.CheckIntegrity().ok());
  EXPECT_EQ(Count(db, "PRAGMA synchronous"), 2);
}

TEST_F(SqliteFileTest, WhatCannotBeOpened) {
  EXPECT_EQ(Database::Open(directory_ / "no/such.db").status().code(), absl::StatusCode::kNotFound);
  DatabaseOptions read_only;
  read_only.read_only = true;
  EXPECT_EQ(Database::Open(path_, read_only).status().code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(Database::Open("").status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(SqliteFileTest, AFileThatIsNoDatabaseIsDataLoss) {
  std::ofstream(path_) << std::string(8192, 'x');
  absl::Status status = Database::Open(path_).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
  EXPECT_NE(status.message().find(path_), absl::string_view::npos);
}

TEST_F(SqliteFileTest, ADamagedPageIsDataLoss) {
  {
    DatabaseOptions options;
    options.wal = false;
    Database db = Open(options);
    ASSERT_TRUE(db.Execute("CREATE TABLE t(v); CREATE INDEX i ON t(v)").ok());
    absl::StatusOr<Statement> insert = db.Prepare("INSERT INTO t VALUES(?)");
    ASSERT_TRUE(insert.ok());
    for (int i = 0; i < 500; ++i) ASSERT_TRUE(insert->Bind(1, std::string(100, 'v')).Run().ok());
  }
  std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(4096);  // the second page: the root of t
  file << std::string(4096, '\xee');
  file.close();
  Database db = Open();
  EXPECT_EQ(db.CheckIntegrity().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(db.Execute("INSERT INTO t VALUES('x')").code(), absl::StatusCode::kDataLoss);
}

TEST_F(SqliteFileTest, ALockHeldElsewhereIsUnavailable) {
  DatabaseOptions options;
  options.busy_timeout = absl::Milliseconds(20);
  Database first = Open(options), second = Open(options);
  ASSERT_TRUE(first.Execute("CREATE TABLE t(v)").ok());
  absl::StatusOr<Transaction> held = Transaction::Begin(first);
  ASSERT_TRUE(held.ok());
  EXPECT_EQ(Transaction::Begin(second).status().code(), absl::StatusCode::kUnavailable);
  ASSERT_TRUE(held->Commit().ok());
  EXPECT_TRUE(Transaction::Begin(second).ok());
}

TEST_F(SqliteFileTest, MovingADatabaseKeepsItsStatementsGoing) {
  Database db = Open();
  ASSERT_TRUE(db.Execute("CREATE TABLE t(v)").ok());
  absl::StatusOr<Statement> insert = db.Prepare("INSERT INTO t VALUES(1)");
  ASSERT_TRUE(insert.ok());
  Database moved = std::move(db);
  EXPECT_TRUE(insert->Run().ok());
  EXPECT_EQ(Count(moved, "SELECT count(*) FROM t"), 1);
}

TEST_F(SqliteFileTest, ABackupIsWholeAndNeverOverwrites) {
  Database db = Open();
  ASSERT_TRUE(db.Execute("CREATE TABLE t(v); INSERT INTO t VALUES(1),(2),(3)").ok());
  std::string copy = directory_ / "copy.db";
  ASSERT_TRUE(db.BackUpTo(copy).ok());
  EXPECT_EQ(db.BackUpTo(copy).code(), absl::StatusCode::kAlreadyExists);
  absl::StatusOr<Database> opened = Database::Open(copy);
  ASSERT_TRUE(opened.ok());
  EXPECT_EQ(Count(*opened, "SELECT count(*) FROM t"), 3);
}

TEST_F(SqliteFileTest, NoRoomLeavesTheFileAsItWas) {
  Database db = Open();
  ASSERT_TRUE(db.Execute("CREATE TABLE t(v); INSERT INTO t VALUES(1)").ok());
  ASSERT_TRUE(db.Execute("PRAGMA max_page_count=4").ok());
  {
    absl::StatusOr<Transaction> transaction = Transaction::Begin(db);
    ASSERT_TRUE(transaction.ok());
    absl::Status full = db.Execute("INSERT INTO t VALUES(zeroblob(100000))");
    EXPECT_EQ(full.code(), absl::StatusCode::kResourceExhausted) << full;
  }
  EXPECT_EQ(Count(db, "SELECT count(*) FROM t"), 1);
  EXPECT_TRUE(db.Execute("INSERT INTO t VALUES(2)").ok()) << "small things still fit";
}

TEST_F(SqliteFileTest, OneProcessAtATimeWhenAskedFor) {
  DatabaseOptions options;
  options.one_process = true;
  const std::string link = directory_ / "link.db";
  {
    Database db = Open(options);
    ASSERT_TRUE(db.Execute("CREATE TABLE t(v)").ok());
    std::filesystem::create_symlink(path_, link);
    for (const std::string& path : {path_, link}) {
      const absl::Status second = Database::Open(path, options).status();
      EXPECT_EQ(second.code(), absl::StatusCode::kFailedPrecondition) << second;
      EXPECT_NE(second.message().find(absl::StrCat("process ", getpid(), " has it; stop that one")),
                absl::string_view::npos)
          << second;
    }
    const Database moved = std::move(db);
    EXPECT_FALSE(Database::Open(path_, options).ok());
    Open();  // who does not ask is not kept away
  }
  Database again = Open(options);
  EXPECT_EQ(Count(again, "SELECT count(*) FROM t"), 0);
}

TEST_F(SqliteFileTest, WhatIsSetAsideReplacesWhatWasBefore) {
  std::ofstream(path_) << "new";
  std::ofstream(path_ + ".corrupt") << "old";
  std::ofstream(path_ + ".corrupt-wal") << "old";
  ASSERT_TRUE(SetAsideCorrupt(path_, "thing", absl::DataLossError("bad")).ok());
  EXPECT_FALSE(std::filesystem::exists(path_));
  EXPECT_EQ(std::filesystem::file_size(path_ + ".corrupt"), 3u);
  EXPECT_FALSE(std::filesystem::exists(path_ + ".corrupt-wal")) << "it is not of this one";
  std::ofstream(path_) << "newer";
  std::filesystem::remove(path_ + ".corrupt");
  std::filesystem::create_directories(path_ + ".corrupt/in the way");
  const absl::Status stuck = SetAsideCorrupt(path_, "thing", absl::DataLossError("bad"));
  EXPECT_EQ(stuck.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(stuck.message().find("move it away by hand"), absl::string_view::npos) << stuck;
}

}  // namespace
}  // namespace postwatch
