// SqliteSummaries: summaries by the hour in SQLite.
#pragma once

#include "absl/status/statusor.h"
#include "collector/store/store.h"
#include "common/sqlite/database.h"

namespace postwatch::collector {

// Counts the next observations, in one transaction that also moves the mark behind them: none
// counts twice. True when there are more.
absl::StatusOr<bool> SummariseSqlite(Database& database);

// As Store::Summaries.
absl::StatusOr<History> ReadSqliteHistory(Database& database, const HistoryQuery& query);

}  // namespace postwatch::collector
