// SqliteStatus: from SQLite's codes to ours (see common/sqlite/database.h).
#pragma once

#include <string_view>

#include "absl/status/status.h"

struct sqlite3;

namespace postwatch {

// "SQLite: what: words (code ...)", with the words of `connection`, which may be null, where they
// are about `code`, an extended result code.
absl::Status SqliteStatus(sqlite3* connection, int code, std::string_view what);

}  // namespace postwatch
