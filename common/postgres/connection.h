// PostgresConnection: a thin, owning layer over libpq: statements, COPY, transactions, migrations.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "common/base/secret.h"
#include "common/postgres/values.h"

struct pg_conn;

namespace postwatch {

struct PostgresOptions {
  std::string uri;           // see CheckPostgresUri
  SecretReference password;  // read at each Open; neither set: none, or what libpq finds by itself
  std::string application;   // what pg_stat_activity shows; at most 63 bytes
  absl::Duration connect_timeout = absl::Seconds(5);  // whole seconds, 2 at least, per address
  absl::Duration statement_timeout = absl::Seconds(10);
  absl::Duration lock_timeout = absl::Seconds(5);
  // How long past statement_timeout to wait for an answer, before the server is taken for gone.
  absl::Duration patience = absl::Seconds(5);
};

// One connection. Not thread-safe. No call waits longer than the options' times; one whose answer
// did not come in time loses the connection, as does a server that has gone: then every call is
// Unavailable, and it takes a new one. Errors are those of PostgresError, and say no password.
class PostgresConnection {
 public:
  // To a server that takes writes, version 14 or newer, with a database in UTF-8; else
  // FailedPrecondition. Encrypted, unless the URI says otherwise or the server is on this machine's
  // socket; sslmode=verify-full in the URI makes it prove who it is.
  static absl::StatusOr<PostgresConnection> Open(const PostgresOptions& options);

  PostgresConnection(PostgresConnection&&) noexcept;
  PostgresConnection& operator=(PostgresConnection&&) noexcept;
  ~PostgresConnection();  // what is open is rolled back

  // Any number of statements without parameters, sent as one message: they run without waiting for
  // us in between, and stop at the first error. Returns the first value of the last row, as text.
  absl::StatusOr<std::string> Execute(const std::string& script);

  // One statement; returns how many rows it changed.
  absl::StatusOr<int64_t> Run(const std::string& sql, const PostgresParameters& parameters = {});

  // One statement; `on_row` gets each row as it comes. An error of its own is the answer.
  absl::Status Query(const std::string& sql, const PostgresParameters& parameters,
                     absl::FunctionRef<absl::Status(const PostgresRow&)> on_row);

  // `sql` is COPY ... FROM STDIN; `next` gives what goes there piece by piece, valid until the next
  // call, and nothing at the end. Returns how many rows there are.
  absl::StatusOr<int64_t> CopyIn(const std::string& sql,
                                 absl::FunctionRef<std::string_view()> next);

  // As a literal of SQL, with its quotes.
  std::string Quote(std::string_view text);

  // From now on.
  absl::Status SetStatementTimeout(absl::Duration timeout);
  absl::Duration statement_timeout() const { return statement_timeout_; }

  bool lost() const;
  bool in_transaction() const;
  bool transaction_failed() const;  // by an error: nothing but a rollback ends it
  int server_process() const;
  // Of the last error; empty when the connection failed.
  const std::string& sqlstate() const { return sqlstate_; }

 private:
  struct Close {
    void operator()(pg_conn* connection) const;
  };
  struct Result;  // owns a pg_result

  explicit PostgresConnection(pg_conn* connection, const PostgresOptions& options);
  absl::Status Prepare(const PostgresOptions& options);
  absl::Status Send(const std::string& sql, const PostgresParameters& parameters);
  absl::Status Flush(std::string_view what);
  absl::Status AwaitSocket(bool writing, std::string_view what);
  absl::StatusOr<Result> Next(std::string_view what);
  absl::Status Check(const Result& result, std::string_view what);
  absl::Status DrainResults(std::string_view what, absl::StatusOr<int64_t>& changed);
  absl::Status Lose(std::string_view what);

  std::unique_ptr<pg_conn, Close> connection_;
  absl::Duration statement_timeout_;
  absl::Duration patience_;
  std::string sqlstate_;
  bool lost_ = false;
};

// Rolls back unless committed. The connection must outlive it and stay where it is.
class PostgresTransaction {
 public:
  static absl::StatusOr<PostgresTransaction> Begin(PostgresConnection& connection);

  PostgresTransaction(PostgresTransaction&& other) noexcept
      : connection_(std::exchange(other.connection_, nullptr)) {}
  PostgresTransaction& operator=(PostgresTransaction&&) = delete;
  ~PostgresTransaction();

  // Runs `last` (statements that end with a semicolon, or nothing) and commits, in one message:
  // locks that `last` takes are held for no longer than the commit, whatever becomes of us
  // meanwhile. After an error nothing was committed, unless the connection was lost: then it may
  // have been.
  absl::Status Commit(std::string_view last = {});

 private:
  explicit PostgresTransaction(PostgresConnection* connection) : connection_(connection) {}

  PostgresConnection* connection_;
};

// Brings the schema up to scripts.size(): script i takes version i to i + 1, each in its own
// transaction, and one process at a time does so (an advisory lock). The version is in a table
// schema_version. Forward only; scripts already applied must never change. FailedPrecondition when
// the database is newer than the scripts (an older program on a newer database).
absl::Status Migrate(PostgresConnection& connection, absl::Span<const std::string_view> scripts);

}  // namespace postwatch
