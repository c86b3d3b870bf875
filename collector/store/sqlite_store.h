// SqliteStore: the collector's memory in one SQLite file.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "collector/store/store.h"

namespace postwatch::collector {

// Opens or creates the file and brings its schema up to date; ":memory:" is private and forgotten
// at the end. Commits with an fsync (synchronous=FULL): what was acknowledged survives not only
// kill -9 but also loss of power. Group commit (StoreThread) makes many observations share one.
// Errors are those of Database::Open and Migrate (common/sqlite/database.h).
absl::StatusOr<std::unique_ptr<Store>> OpenSqliteStore(const std::string& path);

}  // namespace postwatch::collector
