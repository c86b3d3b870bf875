#include "collector/store/sqlite_prune.h"

#include <string>
#include <vector>

#include "collector/store/history.h"
#include "collector/store/incident_wire.h"
#include "collector/store/sqlite_summaries.h"
#include "common/base/log.h"
#include "common/base/text.h"

namespace postwatch::collector {
namespace {

constexpr int kIncidentStep = 500;  // they are read whole

// Alerts of an open incident stay: LastAlerts continues from them.
constexpr std::string_view kDeleteAlerts =
    "DELETE FROM outbox WHERE row IN (SELECT row FROM outbox WHERE delivered < ?1 "
    "AND incident_id NOT IN (SELECT id FROM incidents WHERE resolved = 0) LIMIT ?2)";
constexpr std::string_view kDeleteTokens =
    "DELETE FROM spent_tokens WHERE id IN (SELECT id FROM spent_tokens WHERE expires < ?1 "
    "LIMIT ?2)";
constexpr std::string_view kDeleteSummaries =
    "DELETE FROM summaries WHERE (hour, target, check_id, agent) IN "
    "(SELECT hour, target, check_id, agent FROM summaries WHERE hour < ?1 ORDER BY hour LIMIT ?2)";

// These answer with true when there is more to forget.

absl::StatusOr<bool> DeleteStep(Database& database, std::string_view sql, absl::Time before) {
  absl::StatusOr<Statement> statement = database.Prepare(sql);
  if (!statement.ok()) return statement.status();
  statement->BindTime(1, before).Bind(2, kPruneStep);
  absl::Status done = statement->Run();
  if (!done.ok()) return done;
  return database.changes() == kPruneStep;
}

// Once the newest rows have gone, their numbers come again: the mark goes back with them.
absl::StatusOr<bool> DeleteObservations(Database& database, absl::Time before) {
  absl::StatusOr<Transaction> transaction = Transaction::Begin(database);
  if (!transaction.ok()) return transaction.status();
  absl::StatusOr<bool> more = DeleteStep(
      database,
      "DELETE FROM observations WHERE row IN (SELECT row FROM observations WHERE received < ?1 "
      "AND row <= (SELECT row FROM summarised) ORDER BY received LIMIT ?2)",
      before);
  if (!more.ok()) return more;
  absl::Status kept = database.Execute(
      "UPDATE summarised SET row = (SELECT coalesce(max(row), 0) FROM observations) "
      "WHERE row > (SELECT coalesce(max(row), 0) FROM observations)");
  if (kept.ok()) kept = transaction->Commit();
  if (!kept.ok()) return kept;
  return more;
}

// Of the oldest resolved ones, those that ended before.
absl::StatusOr<std::vector<std::string>> OldIncidents(Database& database, absl::Time before) {
  absl::StatusOr<Statement> select = database.Prepare(
      "SELECT id, incident FROM incidents WHERE resolved = 1 AND opened < ?1 "
      "ORDER BY opened LIMIT ?2");
  if (!select.ok()) return select.status();
  select->BindTime(1, before).Bind(2, kIncidentStep);
  std::vector<std::string> ids;
  while (true) {
    absl::StatusOr<bool> row = select->Step();
    if (!row.ok()) return row.status();
    if (!*row) return ids;
    const absl::StatusOr<Incident> incident = ParseIncident(select->View(1));
    if (incident.ok() && incident->ended.value_or(incident->updated) < before) {
      ids.push_back(select->Text(0));
    }
  }
}

absl::StatusOr<bool> DeleteIncidents(Database& database, absl::Time before) {
  if (before == absl::InfinitePast()) return false;
  const absl::StatusOr<std::vector<std::string>> ids = OldIncidents(database, before);
  if (!ids.ok()) return ids.status();
  if (ids->empty()) return false;
  absl::StatusOr<Transaction> transaction = Transaction::Begin(database);
  if (!transaction.ok()) return transaction.status();
  absl::StatusOr<Statement> erase = database.Prepare("DELETE FROM incidents WHERE id = ?1");
  if (!erase.ok()) return erase.status();
  for (const std::string& id : *ids) {
    erase->Bind(1, id);
    if (absl::Status erased = erase->Run(); !erased.ok()) return erased;
  }
  if (absl::Status committed = transaction->Commit(); !committed.ok()) return committed;
  return ids->size() == kIncidentStep;
}

}  // namespace

absl::StatusOr<bool> PruneSqlite(Database& database, const Horizon& before) {
  const absl::StatusOr<bool> more_to_count = SummariseSqlite(database);
  if (!more_to_count.ok()) return more_to_count;
  bool more = *more_to_count;
  const auto forget = [&more](const absl::StatusOr<bool>& step) {
    more = more || step.value_or(false);
    return step.status();
  };
  absl::Status done = forget(DeleteObservations(database, before.observations));
  if (done.ok()) done = forget(DeleteStep(database, kDeleteAlerts, before.observations));
  if (done.ok()) done = forget(DeleteStep(database, kDeleteTokens, before.observations));
  if (done.ok()) done = forget(DeleteStep(database, kDeleteSummaries, before.summaries));
  if (done.ok()) done = forget(DeleteIncidents(database, before.incidents));
  if (!done.ok()) return done;
  return more;
}

}  // namespace postwatch::collector
