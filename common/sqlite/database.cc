#include "common/sqlite/database.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <limits>

#include "common/base/text.h"
#include "common/sqlite/sqlite_status.h"

namespace postwatch {
namespace {

constexpr int64_t kMaxJournalSizeLimit = int64_t{1} << 40;
constexpr size_t kMaxSqlInError = 120;

std::string_view ShortSql(const char* sql) {
  return sql == nullptr ? std::string_view() : std::string_view(sql).substr(0, kMaxSqlInError);
}

// SQLite creates files by the umask; ours may hold addresses and words of servers.
absl::Status CreatePrivately(const std::string& path) {
  int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) {
    int error = errno;
    std::string text = Concat("SQLite: open ", path, ": ", std::strerror(error));
    if (error == ENOSPC) return absl::ResourceExhaustedError(text);
    if (error == ENOENT) return absl::NotFoundError(text);
    return absl::PermissionDeniedError(text);
  }
  close(fd);
  return absl::OkStatus();
}

std::string Pragmas(const DatabaseOptions& options) {
  std::string sql = "PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF;";
  if (!options.read_only) {
    if (options.wal) Append(sql, "PRAGMA journal_mode=WAL;");
    int64_t limit = std::min(options.journal_size_limit, kMaxJournalSizeLimit);
    Append(sql, "PRAGMA journal_size_limit=", limit, ";");
  }
  bool full = options.synchronous == SqliteSync::kFull;
  Append(sql, "PRAGMA synchronous=", full ? "FULL;" : "NORMAL;");
  Append(sql, "PRAGMA cache_size=-", std::max<int64_t>(options.cache_bytes / 1024, 64));
  return sql;
}

}  // namespace

Statement::Statement(Statement&& other) noexcept
    : statement_(std::exchange(other.statement_, nullptr)), bind_error_(other.bind_error_) {}

Statement& Statement::operator=(Statement&& other) noexcept {
  std::swap(statement_, other.statement_);
  std::swap(bind_error_, other.bind_error_);
  return *this;
}

Statement::~Statement() { sqlite3_finalize(statement_); }

Statement& Statement::Note(int code) {
  if (code != SQLITE_OK && bind_error_ == 0) bind_error_ = code;
  return *this;
}

Statement& Statement::Bind(int index, int64_t value) {
  return Note(sqlite3_bind_int64(statement_, index, value));
}

Statement& Statement::Bind(int index, double value) {
  return Note(sqlite3_bind_double(statement_, index, value));
}

Statement& Statement::BindText(int index, std::string_view text, void (*release)(void*)) {
  // A null pointer would bind NULL, not the empty text.
  const char* bytes = text.data() == nullptr ? "" : text.data();
  return Note(sqlite3_bind_text64(statement_, index, bytes, text.size(), release, SQLITE_UTF8));
}

Statement& Statement::BindBytes(int index, std::string_view bytes, void (*release)(void*)) {
  if (bytes.empty()) return Note(sqlite3_bind_zeroblob(statement_, index, 0));
  return Note(sqlite3_bind_blob64(statement_, index, bytes.data(), bytes.size(), release));
}

Statement& Statement::Bind(int index, std::string_view text) {
  return BindText(index, text, SQLITE_TRANSIENT);
}

Statement& Statement::BindBlob(int index, std::string_view bytes) {
  return BindBytes(index, bytes, SQLITE_TRANSIENT);
}

Statement& Statement::BindUnowned(int index, std::string_view text) {
  return BindText(index, text, SQLITE_STATIC);
}

Statement& Statement::BindUnownedBlob(int index, std::string_view bytes) {
  return BindBytes(index, bytes, SQLITE_STATIC);
}

Statement& Statement::BindNull(int index) { return Note(sqlite3_bind_null(statement_, index)); }

Statement& Statement::BindTime(int index, absl::Time time) {
  return Bind(index, absl::ToUnixMicros(time));
}

absl::StatusOr<bool> Statement::Step() {
  sqlite3* connection = sqlite3_db_handle(statement_);
  if (bind_error_ != 0) {
    return SqliteStatus(nullptr, bind_error_,
                        Concat("bind to ", ShortSql(sqlite3_sql(statement_))));
  }
  int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return SqliteStatus(connection, sqlite3_extended_errcode(connection),
                      ShortSql(sqlite3_sql(statement_)));
}

absl::Status Statement::Run() {
  absl::Status result;
  for (bool more = true; more;) {
    absl::StatusOr<bool> row = Step();
    if (!row.ok()) result = row.status();
    more = row.ok() && *row;
  }
  Reset();
  return result;
}

void Statement::Reset() {
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
  bind_error_ = 0;
}

int64_t Statement::Int(int column) const { return sqlite3_column_int64(statement_, column); }

double Statement::Real(int column) const { return sqlite3_column_double(statement_, column); }

std::string Statement::Text(int column) const { return std::string(View(column)); }

std::string_view Statement::View(int column) const {
  const void* bytes = sqlite3_column_type(statement_, column) == SQLITE_BLOB
                          ? sqlite3_column_blob(statement_, column)
                          : static_cast<const void*>(sqlite3_column_text(statement_, column));
  if (bytes == nullptr) return "";
  return {static_cast<const char*>(bytes),
          static_cast<size_t>(sqlite3_column_bytes(statement_, column))};
}

absl::Time Statement::Time(int column) const {
  int64_t micros = Int(column);
  if (micros == std::numeric_limits<int64_t>::max()) return absl::InfiniteFuture();
  if (micros == std::numeric_limits<int64_t>::min()) return absl::InfinitePast();
  return absl::FromUnixMicros(micros);
}

bool Statement::IsNull(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

int Statement::columns() const { return sqlite3_column_count(statement_); }

absl::StatusOr<LockFile> LockDatabase(const std::string& path) {
  std::error_code error;
  const std::filesystem::path real = std::filesystem::weakly_canonical(path, error);
  return LockFile::Take(Concat(error ? path : real.string(), ".lock"));
}

absl::StatusOr<Database> Database::Open(const std::string& path, DatabaseOptions options) {
  if (path.empty()) return absl::InvalidArgumentError("SQLite: open: the path is empty");
  std::optional<LockFile> lock;
  if (options.one_process && path != ":memory:") {
    absl::StatusOr<LockFile> taken = LockDatabase(path);
    if (!taken.ok()) {
      return absl::Status(taken.status().code(),
                          Concat("SQLite: open ", path, ": ", taken.status().message()));
    }
    lock = *std::move(taken);
  }
  if (path != ":memory:" && !options.read_only) {
    if (absl::Status status = CreatePrivately(path); !status.ok()) return status;
  }
  int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
              (options.read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE);
  if (path == ":memory:") flags |= SQLITE_OPEN_CREATE;
  sqlite3* connection = nullptr;
  int code = sqlite3_open_v2(path.c_str(), &connection, flags, nullptr);
  Database database(connection);
  database.lock_ = std::move(lock);
  if (code != SQLITE_OK) return SqliteStatus(connection, code, Concat("open ", path));
  sqlite3_busy_timeout(
      connection,
      static_cast<int>(absl::ToInt64Milliseconds(std::min(options.busy_timeout, absl::Hours(1)))));
  sqlite3_db_config(connection, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  if (absl::Status status = database.Execute(Pragmas(options)); !status.ok()) {
    return absl::Status(status.code(), Concat("open ", path, ": ", status.message()));
  }
  // The pragmas above do not read the file; this does, so that a file that is none shows here.
  absl::Status readable = database.Execute("SELECT count(*) FROM sqlite_schema");
  if (!readable.ok()) {
    return absl::Status(readable.code(), Concat("open ", path, ": ", readable.message()));
  }
  return database;
}

Database::Database(Database&& other) noexcept
    : lock_(std::exchange(other.lock_, std::nullopt)),
      connection_(std::exchange(other.connection_, nullptr)) {}

Database& Database::operator=(Database&& other) noexcept {
  std::swap(lock_, other.lock_);
  std::swap(connection_, other.connection_);
  return *this;
}

Database::~Database() { sqlite3_close_v2(connection_); }

absl::StatusOr<Statement> Database::Prepare(std::string_view sql) {
  sqlite3_stmt* raw = nullptr;
  const char* tail = nullptr;
  int code = sqlite3_prepare_v3(connection_, sql.data(), static_cast<int>(sql.size()),
                                SQLITE_PREPARE_PERSISTENT, &raw, &tail);
  Statement statement(raw);
  std::string what = Concat("prepare ", sql.substr(0, kMaxSqlInError));
  if (code != SQLITE_OK) return SqliteStatus(connection_, code, what);
  if (raw == nullptr) {
    return absl::InternalError(Concat("SQLite: ", what, ": there is no statement in it"));
  }
  std::string_view rest = sql.substr(static_cast<size_t>(tail - sql.data()));
  if (rest.find_first_not_of(" \t\r\n;") != std::string_view::npos) {
    return absl::InternalError(Concat("SQLite: ", what, ": more than one statement"));
  }
  return statement;
}

absl::Status Database::Execute(std::string_view sql) {
  std::string text(sql);
  int code = sqlite3_exec(connection_, text.c_str(), nullptr, nullptr, nullptr);
  if (code == SQLITE_OK) return absl::OkStatus();
  return SqliteStatus(connection_, sqlite3_extended_errcode(connection_), ShortSql(text.c_str()));
}

int64_t Database::changes() const { return sqlite3_changes64(connection_); }

int64_t Database::last_insert_rowid() const { return sqlite3_last_insert_rowid(connection_); }

bool Database::in_transaction() const { return sqlite3_get_autocommit(connection_) == 0; }

absl::Status Database::CheckIntegrity() {
  absl::StatusOr<Statement> check = Prepare("PRAGMA integrity_check(1)");
  if (!check.ok()) return check.status();
  absl::StatusOr<bool> row = check->Step();
  if (!row.ok()) return row.status();
  std::string verdict = *row ? check->Text(0) : "no result";
  if (verdict == "ok") return absl::OkStatus();
  return absl::DataLossError(Concat("SQLite: integrity check: ", verdict));
}

absl::Status Database::Checkpoint() { return Execute("PRAGMA wal_checkpoint(TRUNCATE)"); }

absl::StatusOr<Transaction> Transaction::Begin(Database& database) {
  if (absl::Status status = database.Execute("BEGIN IMMEDIATE"); !status.ok()) return status;
  return Transaction(&database);
}

Transaction::~Transaction() {
  // SQLite rolls back by itself after some errors (disk full); a second ROLLBACK would be one more.
  if (database_ != nullptr && database_->in_transaction()) {
    database_->Execute("ROLLBACK").IgnoreError();
  }
}

absl::Status Transaction::Commit() {
  Database* database = std::exchange(database_, nullptr);
  if (database == nullptr || !database->in_transaction()) {
    return absl::FailedPreconditionError(
        "SQLite: COMMIT: there is no open transaction; an earlier error rolled it back");
  }
  absl::Status status = database->Execute("COMMIT");
  if (!status.ok() && database->in_transaction()) database->Execute("ROLLBACK").IgnoreError();
  return status;
}

}  // namespace postwatch
