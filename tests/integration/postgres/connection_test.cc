// PostgresConnection with a real server.
#include "common/postgres/connection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <thread>

#include "common/base/text.h"
#include "common/postgres/binary_rows.h"
#include "common/postgres/postgres_error.h"
#include "tests/support/postgres_cluster.h"
#include "tests/support/socket_proxy.h"

namespace postwatch {
namespace {

using namespace std::string_view_literals;
using testing::HasSubstr;
using testing::Not;

class PostgresTest : public testing::Test {
 protected:
  std::string Text(const std::string& script) {
    absl::StatusOr<std::string> value = db.Execute(script);
    EXPECT_TRUE(value.ok()) << value.status();
    return value.value_or("");
  }

  PostgresCluster& cluster = PostgresCluster::Get();
  const std::string uri = cluster.NewDatabase();
  PostgresConnection db = PostgresCluster::Connect(uri);
};

TEST_F(PostgresTest, EveryTypeComesBackAsItWent) {
  Text("CREATE TABLE t(i bigint, b bool, t text, d bytea, at timestamptz, n text, s smallint)");
  PostgresParameters row;
  const absl::Time at = absl::FromUnixMicros(1'700'000'000'123'456);
  row.AddInt(-5).AddBool(true).AddText("süß").AddBytes("\0\xff"sv).AddTime(at);
  row.AddNull(PostgresType::kText);
  EXPECT_EQ(db.Run("INSERT INTO t VALUES($1, $2, $3, $4, $5, $6, -7)", row).value(), 1);
  int rows = 0;
  const absl::Status read = db.Query("SELECT * FROM t", {}, [&](const PostgresRow& r) {
    ++rows;
    EXPECT_EQ(r.Int(0), -5);
    EXPECT_EQ(r.Int(1), 1);
    EXPECT_EQ(r.Text(2), "süß");
    EXPECT_EQ(r.View(3), "\0\xff"sv);
    EXPECT_EQ(r.Time(4), at);
    EXPECT_TRUE(r.IsNull(5));
    EXPECT_EQ(r.Text(5), "");
    EXPECT_EQ(r.Int(6), -7);
    return absl::OkStatus();
  });
  EXPECT_TRUE(read.ok()) << read;
  EXPECT_EQ(rows, 1);
}

TEST_F(PostgresTest, InfiniteTimesSurvive) {
  PostgresParameters times;
  times.AddTime(absl::InfinitePast()).AddTime(absl::InfiniteFuture());
  const absl::Status read =
      db.Query("SELECT $1, $2, $1 < now() AND now() < $2", times, [](const PostgresRow& r) {
        EXPECT_EQ(r.Time(0), absl::InfinitePast());
        EXPECT_EQ(r.Time(1), absl::InfiniteFuture());
        EXPECT_EQ(r.Int(2), 1);
        return absl::OkStatus();
      });
  EXPECT_TRUE(read.ok()) << read;
}

TEST_F(PostgresTest, AScriptAnswersWithItsLastRowAndStopsAtItsFirstError) {
  EXPECT_EQ(Text("SELECT 1; SELECT 'two'; CREATE TABLE t(i int)"), "two");
  const absl::Status failed =
      db.Execute("INSERT INTO t VALUES(1); SELECT nothing; SELECT 3").status();
  EXPECT_EQ(failed.code(), absl::StatusCode::kInternal) << failed;
  EXPECT_EQ(db.sqlstate(), "42703");
  EXPECT_EQ(Text("SELECT count(*) FROM t"), "0");  // one message, one transaction
}

TEST_F(PostgresTest, AnErrorOfTheReaderIsTheAnswerAndTheConnectionStaysUsable) {
  int rows = 0;
  const absl::Status read =
      db.Query("SELECT generate_series(1, 5000)", {}, [&rows](const PostgresRow&) {
        return ++rows == 3 ? absl::DataLossError("enough") : absl::OkStatus();
      });
  EXPECT_EQ(read, absl::DataLossError("enough"));
  EXPECT_EQ(rows, 3);
  EXPECT_EQ(Text("SELECT 7"), "7");
}

TEST_F(PostgresTest, CopyTakesManyRowsInPieces) {
  Text("CREATE TABLE t(i bigint, d bytea)");
  BinaryRows rows;
  const std::string value(1000, '\xe4');
  int64_t written = 0;
  bool first = true;
  const absl::StatusOr<int64_t> copied =
      db.CopyIn("COPY t FROM STDIN (FORMAT binary)", [&]() -> std::string_view {
        if (!first) rows.Clear();
        first = false;
        for (int i = 0; i < 500 && written < 20000; ++i) {
          rows.BeginRow(2).AddInt(++written).AddBytes(value);
          if (written == 20000) rows.Finish();
        }
        return rows.bytes();
      });
  ASSERT_TRUE(copied.ok()) << copied.status();
  EXPECT_EQ(*copied, 20000);
  EXPECT_EQ(Text("SELECT sum(i) || '/' || sum(length(d)) FROM t"), "200010000/20000000");
}

TEST_F(PostgresTest, ACopyThatIsRefusedSaysWhyAndTheConnectionStaysUsable) {
  Text("CREATE TABLE t(i bigint CHECK (i > 0))");
  BinaryRows rows;
  rows.BeginRow(1).AddInt(0).Finish();
  bool given = false;
  const auto next = [&]() -> std::string_view {
    return std::exchange(given, true) ? std::string_view() : rows.bytes();
  };
  EXPECT_EQ(db.CopyIn("COPY t FROM STDIN (FORMAT binary)", next).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(db.CopyIn("COPY nosuch FROM STDIN (FORMAT binary)", next).status().code(),
            absl::StatusCode::kInternal);
  EXPECT_EQ(Text("SELECT count(*) FROM t"), "0");
}

TEST_F(PostgresTest, ATransactionThatIsNotCommittedIsRolledBack) {
  Text("CREATE TABLE t(i bigint)");
  {
    absl::StatusOr<PostgresTransaction> transaction = PostgresTransaction::Begin(db);
    ASSERT_TRUE(transaction.ok());
    Text("INSERT INTO t VALUES(1)");
  }
  EXPECT_EQ(Text("SELECT count(*) FROM t"), "0");
  absl::StatusOr<PostgresTransaction> transaction = PostgresTransaction::Begin(db);
  Text("INSERT INTO t VALUES(1)");
  EXPECT_TRUE(transaction->Commit("INSERT INTO t VALUES(2); ").ok());
  EXPECT_EQ(Text("SELECT count(*) FROM t"), "2");
}

TEST_F(PostgresTest, ATransactionThatHasFailedCannotBeCommitted) {
  absl::StatusOr<PostgresTransaction> transaction = PostgresTransaction::Begin(db);
  EXPECT_FALSE(db.Execute("SELECT nothing").ok());
  EXPECT_EQ(transaction->Commit().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(PostgresTest, WhatAProgramRaisesToRefuseAWriteIsAborted) {
  EXPECT_EQ(db.Execute("DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = 'PW001'; END $$")
                .status()
                .code(),
            absl::StatusCode::kAborted);
}

TEST_F(PostgresTest, AStatementThatTakesTooLongEnds) {
  ASSERT_TRUE(db.SetStatementTimeout(absl::Milliseconds(50)).ok());
  EXPECT_EQ(db.Execute("SELECT pg_sleep(30)").status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(Text("SELECT 7"), "7");
}

TEST_F(PostgresTest, AServerThatFallsSilentIsGivenUp) {
  SocketProxy proxy(cluster.Socket(6001), cluster.Socket());
  absl::StatusOr<PostgresConnection> through =
      PostgresConnection::Open({.uri = cluster.Through(uri, 6001),
                                .statement_timeout = absl::Milliseconds(200),
                                .patience = absl::Milliseconds(100)});
  ASSERT_TRUE(through.ok()) << through.status();
  proxy.Stall();
  const absl::Status silent = through->Execute("SELECT 1").status();
  EXPECT_EQ(silent,
            absl::UnavailableError("PostgreSQL: SELECT 1: the server did not answer for 300ms"));
  EXPECT_TRUE(through->lost());
  EXPECT_EQ(through->Execute("SELECT 1").status().code(), absl::StatusCode::kUnavailable);
}

TEST_F(PostgresTest, AServerThatNeverGreetsIsGivenUp) {
  SocketProxy proxy(cluster.Socket(6002), cluster.Socket());
  proxy.Stall();
  const absl::Status silent = PostgresConnection::Open({.uri = cluster.Through(uri, 6002),
                                                        .connect_timeout = absl::Seconds(2)})
                                  .status();
  EXPECT_EQ(silent.code(), absl::StatusCode::kUnavailable) << silent;
}

TEST_F(PostgresTest, ACutConnectionIsLost) {
  const std::string end_it = Concat("SELECT pg_terminate_backend(", db.server_process(), ", 2000)");
  ASSERT_TRUE(PostgresCluster::Connect(uri).Execute(end_it).ok());
  EXPECT_EQ(db.Execute("SELECT 1").status().code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(db.lost());
}

TEST_F(PostgresTest, NobodyIsThereIsUnavailableAndNamesThePlace) {
  const absl::Status status =
      PostgresConnection::Open({.uri = "postgresql://u@/d?host=/nonexistent"}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status.message()), HasSubstr("/nonexistent"));
}

TEST_F(PostgresTest, ADatabaseThatIsNotThereIsNamed) {
  const std::string absent =
      Concat(uri.substr(0, uri.find("@/")), "@/nosuch", uri.substr(uri.find('?')));
  const absl::Status status = PostgresConnection::Open({.uri = absent}).status();
  EXPECT_THAT(std::string(status.message()), HasSubstr("\"nosuch\" does not exist"));
}

TEST_F(PostgresTest, AnotherEncodingIsRefused) {
  ASSERT_TRUE(db.Execute("CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1'").ok());
  const std::string latin =
      Concat(uri.substr(0, uri.find("@/")), "@/latin", uri.substr(uri.find('?')));
  EXPECT_EQ(PostgresConnection::Open({.uri = latin}).status(),
            absl::FailedPreconditionError("PostgreSQL: the database is encoded in LATIN1; make one "
                                          "with ENCODING 'UTF8'"));
}

TEST_F(PostgresTest, APasswordIsReadFromItsFileAndNeverSaid) {
  const TestFolder folder;
  const std::string file = folder / "password";
  PostgresOptions options{.uri = cluster.As(uri, PostgresCluster::kLockedUser),
                          .password = {.file = file}};
  EXPECT_EQ(PostgresConnection::Open(options).status().code(), absl::StatusCode::kNotFound);
  std::ofstream(file) << PostgresCluster::kLockedPassword << "\n";
  EXPECT_TRUE(PostgresConnection::Open(options).ok());
  for (const char* wrong : {"wrong-password-9", "locked", "SCRAM"}) {
    std::ofstream(file, std::ios::trunc) << wrong;
    const absl::Status refused = PostgresConnection::Open(options).status();
    EXPECT_EQ(refused.code(), absl::StatusCode::kPermissionDenied) << refused;
    EXPECT_THAT(std::string(refused.message()), Not(HasSubstr(wrong)));
  }
  options.password = {};
  EXPECT_EQ(PostgresConnection::Open(options).status().code(), absl::StatusCode::kPermissionDenied);
}

// --- Migrations.

TEST_F(PostgresTest, MigrationsRunOnceAndInOrder) {
  const std::string_view first[] = {"CREATE TABLE a(i int)"};
  const std::string_view both[] = {first[0],
                                   "ALTER TABLE a ADD COLUMN j int; INSERT INTO a VALUES(1, 2)"};
  ASSERT_TRUE(Migrate(db, first).ok());
  ASSERT_TRUE(Migrate(db, both).ok());
  ASSERT_TRUE(Migrate(db, both).ok());
  EXPECT_EQ(Text("SELECT sum(i + j) FROM a"), "3");
  EXPECT_EQ(Text("SELECT version FROM schema_version"), "2");
  EXPECT_EQ(Text("SHOW statement_timeout"), "10s");
  EXPECT_EQ(Migrate(db, first),
            absl::FailedPreconditionError(
                "the database has schema version 2, this program knows up to 1; use a newer "
                "program or restore an older copy of the database"));
}

TEST_F(PostgresTest, AMigrationThatFailsLeavesTheOneBefore) {
  const std::string_view scripts[] = {"CREATE TABLE a(i int)",
                                      "CREATE TABLE b(i int); SELECT nothing"};
  const absl::Status failed = Migrate(db, scripts);
  EXPECT_EQ(failed.code(), absl::StatusCode::kInternal);
  EXPECT_THAT(std::string(failed.message()), HasSubstr("schema migration 1 to 2: "));
  EXPECT_EQ(Text("SELECT version FROM schema_version"), "1");
  EXPECT_EQ(Text("SELECT to_regclass('b') IS NULL"), "t");
}

TEST_F(PostgresTest, AMigrationWhoseServerFailsHalfWayIsDoneByTheNext) {
  const std::string_view scripts[] = {"CREATE TABLE a(i int)", "CREATE TABLE b(i int)"};
  ASSERT_TRUE(Migrate(db, absl::MakeSpan(scripts, 1)).ok());
  Text("BEGIN; CREATE TABLE b(i int); UPDATE schema_version SET version = 2");
  cluster.Stop();
  cluster.Start();
  PostgresConnection again = PostgresCluster::Connect(uri);
  ASSERT_TRUE(Migrate(again, scripts).ok());
  EXPECT_EQ(again.Execute("SELECT version FROM schema_version").value(), "2");
}

TEST_F(PostgresTest, ManyMigrateAtOnceAndOneDoes) {
  const std::string_view scripts[] = {"CREATE TABLE a(i int); SELECT pg_sleep(0.2)",
                                      "INSERT INTO a VALUES(1)"};
  std::vector<std::thread> programs;
  for (int i = 0; i < 6; ++i) {
    programs.emplace_back([&] {
      PostgresConnection own = PostgresCluster::Connect(uri);
      const absl::Status done = Migrate(own, scripts);
      EXPECT_TRUE(done.ok()) << done;
    });
  }
  for (std::thread& program : programs) program.join();
  EXPECT_EQ(Text("SELECT count(*) FROM a"), "1");
}

}  // namespace
}  // namespace postwatch
