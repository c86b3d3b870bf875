#include "common/sqlite/sqlite_status.h"

#include <sqlite3.h>

#include <cerrno>

#include "common/base/text.h"

namespace postwatch {
namespace {

absl::StatusCode CodeOf(int sqlite_code) {
  switch (sqlite_code) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
      return absl::StatusCode::kAlreadyExists;
    default:
      break;
  }
  switch (sqlite_code & 0xff) {
    case SQLITE_FULL:
    case SQLITE_NOMEM:
      return absl::StatusCode::kResourceExhausted;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return absl::StatusCode::kDataLoss;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return absl::StatusCode::kUnavailable;
    case SQLITE_CONSTRAINT:
    case SQLITE_TOOBIG:
    case SQLITE_RANGE:
    case SQLITE_MISMATCH:
      return absl::StatusCode::kInvalidArgument;
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_AUTH:
      return absl::StatusCode::kPermissionDenied;
    default:
      return absl::StatusCode::kInternal;
  }
}

}  // namespace

// The words of the connection only fit the code of its last call.
absl::Status SqliteStatus(sqlite3* connection, int code, std::string_view what) {
  bool words_fit = connection != nullptr && sqlite3_extended_errcode(connection) == code;
  const char* words = words_fit ? sqlite3_errmsg(connection) : sqlite3_errstr(code);
  absl::StatusCode status = CodeOf(code);
  // A full disk shows as an I/O error when it is the WAL index that cannot grow.
  if ((code & 0xff) == SQLITE_IOERR && connection != nullptr &&
      sqlite3_system_errno(connection) == ENOSPC) {
    status = absl::StatusCode::kResourceExhausted;
  }
  return absl::Status(status, Concat("SQLite: ", what, ": ", words, " (code ", code, ")"));
}

}  // namespace postwatch
