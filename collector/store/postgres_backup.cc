#include "collector/store/postgres_backup.h"

#include "common/base/text.h"

namespace postwatch::collector {
namespace {

constexpr std::string_view kPassword =
    "It takes a password from the file that PGPASSFILE names (docs/postgresql.md)";

// As one word of a shell's command.
std::string Quoted(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'') {
      Append(quoted, "'\\''");
    } else {
      quoted.push_back(c);
    }
  }
  return Concat(quoted, "'");
}

}  // namespace

absl::Status BackUpPostgres(std::string_view uri, const std::string& file) {
  return absl::UnimplementedError(
      Concat("a store in PostgreSQL is backed up by its own program, while the collector runs:\n",
             "  pg_dump --format=custom --no-owner --file=", Quoted(file),
             " --dbname=", Quoted(uri), "\n", kPassword));
}

absl::Status RestorePostgres(std::string_view uri, const std::string& file) {
  return absl::UnimplementedError(
      Concat("a store in PostgreSQL is restored by its own program, into a new, empty database "
             "and with no collector running on it:\n",
             "  pg_restore --exit-on-error --single-transaction --no-owner --dbname=", Quoted(uri),
             " ", Quoted(file), "\n", kPassword));
}

}  // namespace postwatch::collector
