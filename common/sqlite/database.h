// Database: a thin, owning layer over SQLite: statements, transactions, numbered migrations.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "common/base/lock_file.h"

struct sqlite3;
struct sqlite3_stmt;

namespace postwatch {

enum class SqliteSync {
  kFull,    // a committed transaction survives loss of power; one fsync a commit
  kNormal,  // survives a crash of the process; the last commits may go with the power (WAL)
};

struct DatabaseOptions {
  bool wal = true;
  SqliteSync synchronous = SqliteSync::kFull;
  absl::Duration busy_timeout = absl::Seconds(5);
  int64_t journal_size_limit = 64 << 20;  // bytes the -wal file is cut back to; -1 = no limit
  int64_t cache_bytes = 8 << 20;
  bool read_only = false;  // the file must exist
  // Holds PATH.lock (see LockFile) while this is open. Refuses with FailedPrecondition, naming the
  // process, when it is held; connections without this option do not ask.
  bool one_process = false;
};

// Every error of this file names the operation and carries SQLite's words. Codes:
// kResourceExhausted: disk full or a limit reached; kDataLoss: the file is corrupt or no database;
// kUnavailable: locked by another process beyond busy_timeout; kAlreadyExists: a UNIQUE or PRIMARY
// KEY constraint; kInvalidArgument: any other constraint, or a bind that does not fit;
// kPermissionDenied: not readable or writable; kInternal: anything else, including bad SQL.

// One prepared statement. Parameters count from 1, columns from 0. Must go before its Database.
class Statement {
 public:
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&& other) noexcept;
  ~Statement();

  // Binding copies, if it does not say otherwise. A failed bind (too big, no such parameter) is
  // reported by the next Step.
  Statement& Bind(int index, int64_t value);
  Statement& Bind(int index, double value);
  Statement& Bind(int index, std::string_view text);
  Statement& BindBlob(int index, std::string_view bytes);
  Statement& BindNull(int index);
  // These do not copy: the bytes must stay as they are until the statement is reset or bound anew.
  Statement& BindUnowned(int index, std::string_view text);
  Statement& BindUnownedBlob(int index, std::string_view bytes);
  // Microseconds since the Unix epoch; saturates.
  Statement& BindTime(int index, absl::Time time);
  Statement& Bind(int index, int value) { return Bind(index, static_cast<int64_t>(value)); }
  Statement& Bind(int index, bool value) { return Bind(index, int64_t{value}); }
  Statement& Bind(int index, const char* text) { return Bind(index, std::string_view(text)); }
  Statement& Bind(int index, const std::string& text) {
    return Bind(index, std::string_view(text));
  }

  // true: a row is there to be read; false: done. After false or an error: Reset before reuse.
  absl::StatusOr<bool> Step();

  // Steps to the end and resets, for statements that return no rows (or whose rows do not matter).
  absl::Status Run();

  // Ready to be bound and stepped again; forgets all bindings.
  void Reset();

  // Of the current row. NULL reads as 0, 0.0, "" and the epoch; ask IsNull where that matters.
  int64_t Int(int column) const;
  double Real(int column) const;
  std::string Text(int column) const;  // also reads blobs, byte for byte
  std::string_view View(
      int column) const;  // valid until the next Step, Reset or read of the column
  absl::Time Time(int column) const;
  bool IsNull(int column) const;
  int columns() const;

 private:
  friend class Database;
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}
  // `release`: SQLITE_TRANSIENT for a copy, SQLITE_STATIC for bytes that outlive the step.
  Statement& BindText(int index, std::string_view text, void (*release)(void*));
  Statement& BindBytes(int index, std::string_view bytes, void (*release)(void*));
  Statement& Note(int code);

  sqlite3_stmt* statement_ = nullptr;
  int bind_error_ = 0;
};

// How far a copy is, in bytes.
struct BackUpStep {
  int64_t done = 0;
  int64_t total = 0;
};

// The lock that one_process takes: beside the file itself, whatever links lead to it. For who works
// on the file with the database closed.
absl::StatusOr<LockFile> LockDatabase(const std::string& path);

// One connection. Not thread-safe: it belongs to one thread at a time.
class Database {
 public:
  // Opens or creates `path` (":memory:" is private to the connection), with mode 0600 when created.
  // Foreign keys are on; what a schema says is not trusted.
  static absl::StatusOr<Database> Open(const std::string& path, DatabaseOptions options = {});

  Database(Database&& other) noexcept;
  Database& operator=(Database&& other) noexcept;
  ~Database();  // rolls back what is open

  // One statement; trailing SQL is an error.
  absl::StatusOr<Statement> Prepare(std::string_view sql);

  // Any number of statements without parameters; rows are dropped. Stops at the first error.
  absl::Status Execute(std::string_view sql);

  // Rows changed by the last INSERT, UPDATE or DELETE.
  int64_t changes() const;
  int64_t last_insert_rowid() const;
  bool in_transaction() const;

  // The full text check; kDataLoss with the first problem.
  absl::Status CheckIntegrity();

  // Moves the -wal file into the database and cuts it to nothing, as far as readers allow.
  absl::Status Checkpoint();

  // A consistent copy into `path`, which must not exist or be empty: one file, in no WAL mode, as
  // this was at the first step. Readers and writers go on meanwhile, in other processes too, and
  // the -wal file grows until the end. `on_step`, which may be null, is told how far it is after
  // each of the bounded steps. After an error `path` is gone.
  absl::Status BackUpTo(const std::string& path,
                        const std::function<void(BackUpStep)>& on_step = nullptr);

 private:
  explicit Database(sqlite3* connection) : connection_(connection) {}

  absl::Status CopyTo(Database& copy, const std::function<void(BackUpStep)>& on_step);

  std::optional<LockFile> lock_;  // let go of once the connection is closed
  sqlite3* connection_ = nullptr;
};

// Rolls back unless committed. The database must outlive it and stay where it is.
class Transaction {
 public:
  // BEGIN IMMEDIATE: takes the write lock now, so that a later statement cannot fail for it.
  static absl::StatusOr<Transaction> Begin(Database& database);

  Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();

  // After an error nothing was committed and the transaction is rolled back.
  absl::Status Commit();

 private:
  explicit Transaction(Database* database) : database_(database) {}

  Database* database_;
};

// Brings the schema up to scripts.size(): script i takes user_version i to i + 1, each in its own
// transaction. Forward only; scripts already applied must never change. FailedPrecondition when the
// file is newer than the scripts (an older program on a newer file).
absl::Status Migrate(Database& database, absl::Span<const std::string_view> scripts);

}  // namespace postwatch
