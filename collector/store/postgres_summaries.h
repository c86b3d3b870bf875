// PostgresSummaries: summaries by the hour in PostgreSQL.
#pragma once

#include "absl/status/statusor.h"
#include "collector/store/postgres_session.h"
#include "collector/store/store.h"

namespace postwatch::collector {

// Counts the next observations, in one transaction that also moves the mark behind them: none
// counts twice. True when there are more.
absl::StatusOr<bool> SummarisePostgres(PostgresSession& session);

// As Store::Summaries.
absl::StatusOr<History> ReadPostgresHistory(PostgresSession& session, const HistoryQuery& query);

}  // namespace postwatch::collector
