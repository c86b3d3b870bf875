// PruneSqlite: counting and forgetting in SQLite, in bounded steps.
#pragma once

#include "absl/status/statusor.h"
#include "collector/store/store.h"
#include "common/sqlite/database.h"

namespace postwatch::collector {

// As Store::Prune.
absl::StatusOr<bool> PruneSqlite(Database& database, const Horizon& before);

}  // namespace postwatch::collector
