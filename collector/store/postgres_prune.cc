#include "collector/store/postgres_prune.h"

#include "collector/store/history.h"
#include "collector/store/incident_wire.h"
#include "collector/store/observation_days.h"
#include "collector/store/postgres_append.h"
#include "collector/store/postgres_summaries.h"
#include "common/base/log.h"
#include "common/base/text.h"

namespace postwatch::collector {
namespace {

constexpr int kIncidentStep = 500;  // they are read whole
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
constexpr const char* kDeleteSummaries =
    "DELETE FROM summaries WHERE ctid = ANY(ARRAY(SELECT ctid FROM summaries WHERE hour < $1 "
    "ORDER BY hour LIMIT $2))";

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

// Of the oldest resolved incidents, those that ended before.
absl::StatusOr<bool> DeleteIncidents(PostgresSession& session, absl::Time before) {
  if (before == absl::InfinitePast()) return false;
  size_t deleted = 0;
  const absl::Status done = session.Write([&](PostgresConnection& connection) {
    PostgresParameters oldest;
    oldest.AddTime(before).AddInt(kIncidentStep);
    std::vector<std::string> ids;
    absl::Status step = connection.Query(
        "SELECT id, incident FROM incidents WHERE resolved AND opened < $1 ORDER BY opened "
        "LIMIT $2",
        oldest, [&](const PostgresRow& row) {
          const absl::StatusOr<Incident> incident = ParseIncident(row.View(1));
          if (incident.ok() && incident->ended.value_or(incident->updated) < before) {
            ids.push_back(row.Text(0));
          }
          return absl::OkStatus();
        });
    for (auto id = ids.begin(); step.ok() && id != ids.end(); ++id) {
      PostgresParameters key;
      key.AddText(*id);
      step = connection.Run("DELETE FROM incidents WHERE id = $1", key).status();
    }
    deleted = ids.size();
    return step;
  });
  if (!done.ok()) return done;
  return deleted == kIncidentStep;
}

}  // namespace

absl::StatusOr<bool> PrunePostgres(PostgresSession& session, const Horizon& before) {
  // A day is forgotten as a whole: not before all of it is counted.
  const absl::StatusOr<bool> more_to_count = SummarisePostgres(session);
  if (!more_to_count.ok() || *more_to_count) return more_to_count;
  bool more = false;
  const auto forget = [&more](const absl::StatusOr<bool>& step) {
    more = more || step.value_or(false);
    return step.status();
  };
  absl::Status done = forget(PruneOldestDay(session, before.observations));
  if (done.ok()) done = forget(DeleteStep(session, kDeleteAlerts, before.observations));
  if (done.ok()) done = forget(DeleteStep(session, kDeleteTokens, before.observations));
  if (done.ok()) done = forget(DeleteStep(session, kDeleteSummaries, before.summaries));
  if (done.ok()) done = forget(DeleteIncidents(session, before.incidents));
  if (!done.ok()) return done;
  return more;
}

}  // namespace postwatch::collector
