#include "common/sqlite/database.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace postwatch {
namespace {

Database Memory() {
  absl::StatusOr<Database> database = Database::Open(":memory:");
  EXPECT_TRUE(database.ok()) << database.status();
  return *std::move(database);
}

Statement Prepare(Database& database, std::string_view sql) {
  absl::StatusOr<Statement> statement = database.Prepare(sql);
  EXPECT_TRUE(statement.ok()) << statement.status();
  return *std::move(statement);
}

int64_t Count(Database& database, std::string_view sql) {
  Statement statement = Prepare(database, sql);
  absl::StatusOr<bool> row = statement.Step();
  EXPECT_TRUE(row.ok() && *row) << row.status();
  return statement.Int(0);
}

TEST(DatabaseTest, EveryTypeComesBackAsItWent) {
  Database db = Memory();
  ASSERT_TRUE(db.Execute("CREATE TABLE t(i, r, s, b, n, at, e)").ok());
  Statement insert = Prepare(db, "INSERT INTO t VALUES(?,?,?,?,?,?,?)");
  absl::Time at = absl::FromUnixMicros(1'700'000'000'123'456);
  insert.Bind(1, std::numeric_limits<int64_t>::min()).Bind(2, 0.1);
  insert.Bind(3, std::string_view("a\0b", 3)).BindBlob(4, std::string_view("\xff\0", 2));
  insert.BindNull(5).BindTime(6, at).Bind(7, std::string_view());
  ASSERT_TRUE(insert.Run().ok());
  EXPECT_EQ(db.changes(), 1);
  EXPECT_EQ(db.last_insert_rowid(), 1);

  Statement select = Prepare(db, "SELECT * FROM t");
  absl::StatusOr<bool> row = select.Step();
  ASSERT_TRUE(row.ok() && *row);
  EXPECT_EQ(select.columns(), 7);
  EXPECT_EQ(select.Int(0), std::numeric_limits<int64_t>::min());
  EXPECT_EQ(select.Real(1), 0.1);
  EXPECT_EQ(select.Text(2), std::string("a\0b", 3));
  EXPECT_EQ(select.Text(3), std::string("\xff\0", 2));
  EXPECT_TRUE(select.IsNull(4));
  EXPECT_EQ(select.Text(4), "");
  EXPECT_EQ(select.Time(5), at);
  EXPECT_FALSE(select.IsNull(6));
  EXPECT_EQ(select.View(6), "");
  row = select.Step();
  ASSERT_TRUE(row.ok());
  EXPECT_FALSE(*row);
}

TEST(DatabaseTest, InfiniteTimesSurvive) {
  Database db = Memory();
  Statement echo = Prepare(db, "SELECT ?, ?");
  echo.BindTime(1, absl::InfiniteFuture()).BindTime(2, absl::InfinitePast());
  ASSERT_TRUE(echo.Step().ok());
  EXPECT_EQ(echo.Time(0), absl::InfiniteFuture());
  EXPECT_EQ(echo.Time(1), absl::InfinitePast());
}

TEST(DatabaseTest, ResetForgetsBindings) {
  Database db = Memory();
  Statement echo = Prepare(db, "SELECT ?");
  echo.Bind(1, 7);
  ASSERT_TRUE(echo.Step().ok());
  EXPECT_EQ(echo.Int(0), 7);
  echo.Reset();
  ASSERT_TRUE(echo.Step().ok());
  EXPECT_TRUE(echo.IsNull(0));
}

TEST(DatabaseTest, ErrorsNameTheStatementAndSayWhy) {
  Database db = Memory();
  absl::Status bad = db.Prepare("SELECT nonsense FROM nowhere").status();
  EXPECT_EQ(bad.code(), absl::StatusCode::kInternal);
  EXPECT_EQ(bad.message(),
            "SQLite: prepare SELECT nonsense FROM nowhere: no such table: nowhere (code 1)");
  EXPECT_EQ(db.Prepare("SELECT 1; SELECT 2").status().message(),
            "SQLite: prepare SELECT 1; SELECT 2: more than one statement");
  EXPECT_EQ(db.Prepare("  ").status().code(), absl::StatusCode::kInternal);

  ASSERT_TRUE(db.Execute("CREATE TABLE t(k PRIMARY KEY, v NOT NULL)").ok());
  ASSERT_TRUE(db.Execute("INSERT INTO t VALUES(1, 1)").ok());
  EXPECT_EQ(db.Execute("INSERT INTO t VALUES(1, 2)").code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(db.Execute("INSERT INTO t VALUES(2, NULL)").code(), absl::StatusCode::kInvalidArgument);
  Statement one = Prepare(db, "SELECT ?");
  one.Bind(2, 1);
  EXPECT_EQ(one.Step().status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(DatabaseTest, FullIsResourceExhausted) {
  Database db = Memory();
  ASSERT_TRUE(db.Execute("CREATE TABLE t(b); PRAGMA max_page_count=10").ok());
  absl::Status full = db.Execute("INSERT INTO t VALUES(zeroblob(1000000))");
  EXPECT_EQ(full.code(), absl::StatusCode::kResourceExhausted) << full;
}

TEST(TransactionTest, RollsBackUnlessCommitted) {
  Database db = Memory();
  ASSERT_TRUE(db.Execute("CREATE TABLE t(v)").ok());
  {
    absl::StatusOr<Transaction> dropped = Transaction::Begin(db);
    ASSERT_TRUE(dropped.ok());
    ASSERT_TRUE(db.Execute("INSERT INTO t VALUES(1)").ok());
    EXPECT_TRUE(db.in_transaction());
  }
  EXPECT_FALSE(db.in_transaction());
  EXPECT_EQ(Count(db, "SELECT count(*) FROM t"), 0);
  {
    absl::StatusOr<Transaction> kept = Transaction::Begin(db);
    ASSERT_TRUE(kept.ok());
    ASSERT_TRUE(db.Execute("INSERT INTO t VALUES(1)").ok());
    EXPECT_TRUE(kept->Commit().ok());
    EXPECT_EQ(kept->Commit().code(), absl::StatusCode::kFailedPrecondition);
  }
  EXPECT_EQ(Count(db, "SELECT count(*) FROM t"), 1);
}

TEST(TransactionTest, NestedBeginFailsAndLeavesTheOuterOne) {
  Database db = Memory();
  absl::StatusOr<Transaction> outer = Transaction::Begin(db);
  ASSERT_TRUE(outer.ok());
  EXPECT_FALSE(Transaction::Begin(db).ok());
  EXPECT_TRUE(db.in_transaction());
  EXPECT_TRUE(outer->Commit().ok());
}

TEST(MigrateTest, AppliesOnlyWhatIsMissing) {
  Database db = Memory();
  std::vector<std::string_view> scripts = {"CREATE TABLE a(v)"};
  ASSERT_TRUE(Migrate(db, scripts).ok());
  EXPECT_EQ(Count(db, "PRAGMA user_version"), 1);
  scripts.push_back("CREATE TABLE b(v); INSERT INTO b VALUES(1); INSERT INTO b VALUES(2)");
  ASSERT_TRUE(Migrate(db, scripts).ok());
  ASSERT_TRUE(Migrate(db, scripts).ok());
  EXPECT_EQ(Count(db, "PRAGMA user_version"), 2);
  EXPECT_EQ(Count(db, "SELECT count(*) FROM b"), 2);
}

TEST(MigrateTest, AFailedScriptLeavesTheVersionBeforeIt) {
  Database db = Memory();
  std::vector<std::string_view> scripts = {"CREATE TABLE a(v)",
                                           "CREATE TABLE b(v); CREATE TABLE a(v)"};
  absl::Status status = Migrate(db, scripts);
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_EQ(status.message().substr(0, 25), "schema migration 1 to 2: ");
  EXPECT_EQ(Count(db, "PRAGMA user_version"), 1);
  EXPECT_EQ(Count(db, "SELECT count(*) FROM sqlite_schema WHERE name = 'b'"), 0);
}

TEST(MigrateTest, ADatabaseOfAnotherProgramIsRefused) {
  Database db = Memory();
  ASSERT_TRUE(db.Execute("CREATE TABLE customers(v)").ok());
  const std::vector<std::string_view> scripts = {"CREATE TABLE t(v)"};
  const absl::Status refused = Migrate(db, scripts);
  EXPECT_TRUE(absl::IsFailedPrecondition(refused)) << refused;
  EXPECT_NE(refused.message().find("'customers'"), refused.message().npos) << refused;
  EXPECT_FALSE(db.Execute("INSERT INTO t VALUES(1)").ok());
}

TEST(MigrateTest, ANewerFileIsRefused) {
  Database db = Memory();
  ASSERT_TRUE(db.Execute("PRAGMA user_version=3").ok());
  std::vector<std::string_view> scripts = {"CREATE TABLE a(v)"};
  absl::Status status = Migrate(db, scripts);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(status.message(),
            "the database has schema version 3, this program knows up to 1; use a newer program or "
            "restore an older copy of the file");
}

}  // namespace
}  // namespace postwatch
