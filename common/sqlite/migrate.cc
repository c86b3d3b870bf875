#include "common/base/text.h"
#include "common/sqlite/database.h"

namespace postwatch {
namespace {

absl::StatusOr<int64_t> UserVersion(Database& database) {
  absl::StatusOr<Statement> query = database.Prepare("PRAGMA user_version");
  if (!query.ok()) return query.status();
  absl::StatusOr<bool> row = query->Step();
  if (!row.ok()) return row.status();
  return *row ? query->Int(0) : 0;
}

// A file without a version of ours must have nothing of anybody else's.
absl::Status RefuseForeign(Database& database) {
  absl::StatusOr<Statement> query = database.Prepare("SELECT name FROM sqlite_master LIMIT 1");
  if (!query.ok()) return query.status();
  const absl::StatusOr<bool> row = query->Step();
  if (!row.ok() || !*row) return row.status();
  return absl::FailedPreconditionError(Concat("it is a database of another program, with '",
                                              query->Text(0), "' in it; name another file"));
}

// Reads the version again under the write lock: another process may have been faster.
absl::StatusOr<int64_t> ApplyNext(Database& database, absl::Span<const std::string_view> scripts) {
  absl::StatusOr<Transaction> transaction = Transaction::Begin(database);
  if (!transaction.ok()) return transaction.status();
  absl::StatusOr<int64_t> version = UserVersion(database);
  if (!version.ok() || *version >= static_cast<int64_t>(scripts.size())) return version;
  if (*version == 0) {
    if (absl::Status ours = RefuseForeign(database); !ours.ok()) return ours;
  }
  std::string name = Concat("schema migration ", *version, " to ", *version + 1);
  absl::Status applied = database.Execute(scripts[static_cast<size_t>(*version)]);
  if (applied.ok() && !database.in_transaction()) {
    applied = absl::InternalError("the script ends the transaction by itself");
  }
  if (applied.ok()) {
    applied = database.Execute(Concat("PRAGMA user_version=", *version + 1));
  }
  if (applied.ok()) applied = transaction->Commit();
  if (!applied.ok()) {
    return absl::Status(applied.code(), Concat(name, ": ", applied.message()));
  }
  return *version + 1;
}

}  // namespace

absl::Status Migrate(Database& database, absl::Span<const std::string_view> scripts) {
  absl::StatusOr<int64_t> version = UserVersion(database);
  if (!version.ok()) return version.status();
  int64_t newest = static_cast<int64_t>(scripts.size());
  if (*version < 0 || *version > newest) {
    return absl::FailedPreconditionError(
        Concat("the database has schema version ", *version, ", this program knows up to ", newest,
               "; use a newer program or restore an older copy of the file"));
  }
  while (*version < newest) {
    version = ApplyNext(database, scripts);
    if (!version.ok()) return version.status();
  }
  return absl::OkStatus();
}

}  // namespace postwatch
