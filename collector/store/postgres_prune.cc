#include "collector/store/postgres_prune.h"

#include "collector/store/observation_days.h"
#include "common/base/log.h"
#include "common/base/text.h"

namespace postwatch::collector {
namespace {

constexpr int kPruneStep = 2000;  // rows of one transaction, so that appends wait milliseconds
constexpr std::string_view kLockNotAvailable = "55P03";
// While a DROP waits, all who want to use observations wait behind it.
constexpr const char* kDropLockTimeout = "SET LOCAL lock_timeout = 500";

// Alerts of an open incident stay: LastAlerts continues from them.
constexpr const char* kDeleteAlerts =
    "DELETE FROM outbox WHERE place IN (SELECT place FROM outbox WHERE delivered < $1 "
    "AND incident_id NOT IN (SELECT id FROM incidents WHERE NOT resolved) LIMIT $2)";
constexpr const char* kDeleteTokens =
    "DELETE FROM spent_tokens WHERE id IN (SELECT id FROM spent_tokens WHERE expires < $1 "
    "LIMIT $2)";

// These answer with true when there is more to forget.

absl::StatusOr<bool> DeleteStep(PostgresSession& session, const std::string& sql,
                                absl::Time before) {
  PostgresParameters parameters;
  parameters.AddTime(before).AddInt(kPruneStep);
  int64_t deleted = 0;
  const absl::Status done = session.Write([&](PostgresConnection& connection) {
    absl::StatusOr<int64_t> rows = connection.Run(sql, parameters);
    deleted = rows.value_or(0);
    return rows.status();
  });
  if (!done.ok()) return done;
  return deleted == kPruneStep;
}

absl::StatusOr<bool> DropDay(PostgresSession& session, absl::CivilDay day) {
  const std::string table = DayTable(day);
  bool busy = false;
  const absl::Status dropped = session.Write([&](PostgresConnection& connection) {
    const absl::Status done =
        connection.Execute(Concat(kDropLockTimeout, "; DROP TABLE IF EXISTS ", table)).status();
    busy = !done.ok() && connection.sqlstate() == kLockNotAvailable;
    return done;
  });
  if (dropped.ok()) return true;
  if (!busy) return dropped;
  Log(LogLevel::kInfo, "a day of observations is in use, and forgotten later", {{"table", table}});
  return false;
}

absl::StatusOr<bool> PruneOldestDay(PostgresSession& session, absl::Time before) {
  std::vector<absl::CivilDay> days;
  const absl::Status listed = session.Run([&days](PostgresConnection& connection) {
    absl::StatusOr<std::vector<absl::CivilDay>> there = ListDays(connection);
    if (there.ok()) days = *std::move(there);
    return there.status();
  });
  if (!listed.ok()) return listed;
  if (days.empty() || StartOf(days.front()) >= before) return false;
  if (StartOf(days.front() + 1) <= before) return DropDay(session, days.front());
  const std::string table = DayTable(days.front());
  return DeleteStep(session,
                    Concat("DELETE FROM ", table, " WHERE ctid = ANY(ARRAY(SELECT ctid FROM ",
                           table, " WHERE received < $1 ORDER BY received LIMIT $2))"),
                    before);
}

}  // namespace

absl::StatusOr<bool> PrunePostgres(PostgresSession& session, absl::Time before) {
  absl::StatusOr<bool> more_observations = PruneOldestDay(session, before);
  if (!more_observations.ok()) return more_observations;
  absl::StatusOr<bool> more_alerts = DeleteStep(session, kDeleteAlerts, before);
  if (!more_alerts.ok()) return more_alerts;
  absl::StatusOr<bool> more_tokens = DeleteStep(session, kDeleteTokens, before);
  if (!more_tokens.ok()) return more_tokens;
  return *more_observations || *more_alerts || *more_tokens;
}

}  // namespace postwatch::collector
