#include <sqlite3.h>
#include <unistd.h>

#include <filesystem>

#include "common/base/text.h"
#include "common/sqlite/database.h"
#include "common/sqlite/sqlite_status.h"

namespace postwatch {
namespace {

constexpr int kPagesAtOnce = 256;
constexpr int kMaxWaits = 100;
constexpr int kWaitMs = 50;

// SQLITE_DONE, or why not.
int CopyAll(sqlite3_backup* backup, int64_t page_bytes,
            const std::function<void(BackUpStep)>& on_step) {
  int waits = 0;
  int code = SQLITE_OK;
  while (code == SQLITE_OK || ((code & 0xff) == SQLITE_BUSY && ++waits < kMaxWaits)) {
    code = sqlite3_backup_step(backup, kPagesAtOnce);
    if ((code & 0xff) == SQLITE_BUSY) sqlite3_sleep(kWaitMs);
    if (code != SQLITE_OK && code != SQLITE_DONE) continue;
    const int64_t total = sqlite3_backup_pagecount(backup);
    const int64_t done = total - sqlite3_backup_remaining(backup);
    if (on_step) on_step({done * page_bytes, total * page_bytes});
  }
  return code;
}

}  // namespace

absl::Status Database::BackUpTo(const std::string& path,
                                const std::function<void(BackUpStep)>& on_step) {
  std::error_code absent;
  if (const auto size = std::filesystem::file_size(path, absent); !absent && size > 0) {
    return absl::AlreadyExistsError(
        Concat("SQLite: back up to ", path, ": the file exists; choose another name"));
  }
  DatabaseOptions options;
  options.wal = false;
  absl::StatusOr<Database> copy = Open(path, options);
  if (!copy.ok()) return copy.status();
  // Without a read transaction of ours, every commit of another process would begin it anew.
  const bool own = !in_transaction();
  absl::Status copied =
      own ? Execute("BEGIN; SELECT count(*) FROM sqlite_schema") : absl::OkStatus();
  if (copied.ok()) copied = CopyTo(*copy, on_step);
  if (own && in_transaction()) Execute("ROLLBACK").IgnoreError();
  // The first page came along, and with it the mark of a file in WAL mode.
  if (copied.ok()) copied = copy->Execute("PRAGMA journal_mode=DELETE");
  if (copied.ok()) return copied;
  unlink(path.c_str());
  return absl::Status(copied.code(), Concat("back up to ", path, ": ", copied.message()));
}

absl::Status Database::CopyTo(Database& copy, const std::function<void(BackUpStep)>& on_step) {
  absl::StatusOr<Statement> page = Prepare("PRAGMA page_size");
  if (!page.ok()) return page.status();
  absl::StatusOr<bool> row = page->Step();
  if (!row.ok()) return row.status();
  const int64_t page_bytes = page->Int(0);
  page->Reset();
  sqlite3_backup* backup = sqlite3_backup_init(copy.connection_, "main", connection_, "main");
  if (backup == nullptr) {
    return SqliteStatus(copy.connection_, sqlite3_extended_errcode(copy.connection_),
                        "begin a copy");
  }
  const int code = CopyAll(backup, page_bytes, on_step);
  sqlite3_backup_finish(backup);
  return code == SQLITE_DONE ? absl::OkStatus() : SqliteStatus(copy.connection_, code, "copy");
}

}  // namespace postwatch
