#include "absl/cleanup/cleanup.h"
#include "common/base/text.h"
#include "common/postgres/connection.h"

namespace postwatch {
namespace {

// Of all programs that use this database, ours: "postwatc" in ASCII.
constexpr int64_t kMigrationLock = 0x706f737477617463;
// A new index on a large table takes its time, and another process's migration as well.
constexpr absl::Duration kMigrationTimeout = absl::Minutes(30);

constexpr const char* kBegin = "BEGIN; SET LOCAL lock_timeout = 0; SELECT pg_advisory_xact_lock(";
constexpr const char* kVersionTable =
    "); CREATE TABLE IF NOT EXISTS schema_version(version bigint NOT NULL); "
    "INSERT INTO schema_version SELECT 0 WHERE NOT EXISTS (SELECT FROM schema_version); "
    "SELECT version FROM schema_version";

// 0 when there is none yet.
absl::StatusOr<int64_t> Version(PostgresConnection& connection) {
  absl::StatusOr<std::string> table =
      connection.Execute("SELECT coalesce(to_regclass('schema_version')::text, '')");
  if (!table.ok()) return table.status();
  if (table->empty()) return 0;
  absl::StatusOr<std::string> version = connection.Execute("SELECT version FROM schema_version");
  if (!version.ok()) return version.status();
  return ParseInteger(*version).value_or(0);
}

// Reads the version again under the lock: another process may have been faster.
absl::StatusOr<int64_t> ApplyNext(PostgresConnection& connection,
                                  absl::Span<const std::string_view> scripts) {
  absl::Cleanup roll_back = [&connection] {
    if (connection.in_transaction()) connection.Execute("ROLLBACK").IgnoreError();
  };
  absl::StatusOr<std::string> locked =
      connection.Execute(Concat(kBegin, kMigrationLock, kVersionTable));
  if (!locked.ok()) return locked.status();
  const int64_t version = ParseInteger(*locked).value_or(0);
  if (version < 0 || version >= static_cast<int64_t>(scripts.size())) return version;
  const absl::Status applied =
      connection
          .Execute(Concat(scripts[static_cast<size_t>(version)],
                          "; UPDATE schema_version SET version = ", version + 1, "; COMMIT"))
          .status();
  if (!applied.ok()) {
    return absl::Status(applied.code(), Concat("schema migration ", version, " to ", version + 1,
                                               ": ", FromAbsl(applied.message())));
  }
  return version + 1;
}

}  // namespace

absl::Status Migrate(PostgresConnection& connection, absl::Span<const std::string_view> scripts) {
  absl::StatusOr<int64_t> version = Version(connection);
  if (!version.ok()) return version.status();
  const int64_t newest = static_cast<int64_t>(scripts.size());
  if (*version == newest) return absl::OkStatus();
  const absl::Duration before = connection.statement_timeout();
  if (absl::Status set = connection.SetStatementTimeout(kMigrationTimeout); !set.ok()) return set;
  while (*version >= 0 && *version < newest) {
    version = ApplyNext(connection, scripts);
    if (!version.ok()) return version.status();
  }
  if (*version != newest) {
    return absl::FailedPreconditionError(
        Concat("the database has schema version ", *version, ", this program knows up to ", newest,
               "; use a newer program or restore an older copy of the database"));
  }
  return connection.SetStatementTimeout(before);
}

}  // namespace postwatch
