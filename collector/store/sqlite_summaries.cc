#include "collector/store/sqlite_summaries.h"

#include "collector/store/history.h"
#include "collector/store/incident_wire.h"
#include "collector/store/summary_wire.h"
#include "common/base/log.h"
#include "common/base/text.h"

namespace postwatch::collector {
namespace {

void LogUnreadable(const absl::Status& error) {
  Log(LogLevel::kError, "a row of the store cannot be read and is left out",
      {{"error", std::string(FromAbsl(error.message()))}});
}

struct Counted {
  int64_t rows = 0;
  int64_t last_row = 0;
  HourSummaries summaries;
};

absl::StatusOr<Counted> CountNext(Database& database) {
  absl::StatusOr<Statement> select = database.Prepare(
      "SELECT row, sighting FROM observations WHERE row > (SELECT row FROM summarised) "
      "ORDER BY row LIMIT ?1");
  if (!select.ok()) return select.status();
  select->Bind(1, kPruneStep);
  Counted counted;
  while (true) {
    absl::StatusOr<bool> row = select->Step();
    if (!row.ok()) return row.status();
    if (!*row) return counted;
    ++counted.rows;
    counted.last_row = select->Int(0);
    const absl::StatusOr<Sighting> sighting = ParseSighting(select->View(1));
    if (sighting.ok()) {
      AddTo(counted.summaries, *sighting);
    } else {
      LogUnreadable(sighting.status());
    }
  }
}

absl::Status SaveSummaries(Database& database, HourSummaries& summaries) {
  absl::StatusOr<Statement> find = database.Prepare(
      "SELECT summary FROM summaries WHERE hour = ?1 AND target = ?2 AND check_id = ?3 "
      "AND agent = ?4");
  if (!find.ok()) return find.status();
  absl::StatusOr<Statement> save = database.Prepare(
      "INSERT INTO summaries(hour, target, check_id, agent, summary) VALUES(?1, ?2, ?3, ?4, ?5) "
      "ON CONFLICT(hour, target, check_id, agent) DO UPDATE SET summary = ?5");
  if (!save.ok()) return save.status();
  for (auto& [key, summary] : summaries) {
    find->BindTime(1, key.hour).Bind(2, key.target).Bind(3, key.check_id).Bind(4, key.agent);
    absl::StatusOr<bool> there = find->Step();
    if (!there.ok()) return there.status();
    if (*there) {
      const absl::StatusOr<HourSummary> before = ParseSummary(find->View(0));
      if (before.ok()) {
        summary.Merge(*before);
      } else {
        LogUnreadable(before.status());
      }
    }
    find->Reset();
    save->BindTime(1, key.hour).Bind(2, key.target).Bind(3, key.check_id).Bind(4, key.agent);
    save->BindBlob(5, SerializeSummary(summary));
    if (absl::Status saved = save->Run(); !saved.ok()) return saved;
  }
  return absl::OkStatus();
}

// The conditions that both kinds of rows have in common.
std::string Restrictions(const HistoryQuery& query) {
  std::string sql;
  if (!query.target.empty()) Append(sql, " AND target = ?1");
  if (!query.check_id.empty()) Append(sql, " AND check_id = ?2");
  if (!query.agent.empty()) Append(sql, " AND agent = ?3");
  return sql;
}

void BindRestrictions(Statement& select, const HistoryQuery& query) {
  if (!query.target.empty()) select.Bind(1, query.target);
  if (!query.check_id.empty()) select.Bind(2, query.check_id);
  if (!query.agent.empty()) select.Bind(3, query.agent);
}

absl::Status ReadCounted(Database& database, const HistoryQuery& query, History& history) {
  absl::StatusOr<Statement> select = database.Prepare(
      Concat("SELECT hour, target, check_id, agent, summary FROM summaries "
             "WHERE hour >= ?4 AND hour < ?5",
             Restrictions(query), " ORDER BY hour, target, check_id, agent LIMIT ?6"));
  if (!select.ok()) return select.status();
  BindRestrictions(*select, query);
  select->BindTime(4, query.from).BindTime(5, query.to).Bind(6, query.limit + 1);
  while (true) {
    absl::StatusOr<bool> row = select->Step();
    if (!row.ok()) return row.status();
    if (!*row) return Cut(history, query);
    HourKey key{select->Time(0), select->Text(1), select->Text(2), select->Text(3)};
    absl::StatusOr<HourSummary> summary = ParseSummary(select->View(4));
    if (summary.ok()) {
      history.hours.emplace(std::move(key), *std::move(summary));
    } else {
      LogUnreadable(summary.status());
    }
  }
}

absl::Status ReadUncounted(Database& database, const HistoryQuery& query, History& history) {
  absl::StatusOr<Statement> select = database.Prepare(
      Concat("SELECT sighting FROM observations WHERE row > (SELECT row FROM summarised)",
             Restrictions(query), " ORDER BY row LIMIT ?4"));
  if (!select.ok()) return select.status();
  BindRestrictions(*select, query);
  select->Bind(4, kMaxUncounted + 1);
  for (int rows = 0; rows <= kMaxUncounted; ++rows) {
    absl::StatusOr<bool> row = select->Step();
    if (!row.ok()) return row.status();
    if (!*row) return absl::OkStatus();
    const absl::StatusOr<Sighting> sighting = ParseSighting(select->View(0));
    if (sighting.ok()) AddUncounted(history, query, *sighting);
  }
  history.complete = false;
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<bool> SummariseSqlite(Database& database) {
  absl::StatusOr<Transaction> transaction = Transaction::Begin(database);
  if (!transaction.ok()) return transaction.status();
  absl::StatusOr<Counted> counted = CountNext(database);
  if (!counted.ok()) return counted.status();
  if (counted->rows == 0) return false;
  absl::Status saved = SaveSummaries(database, counted->summaries);
  if (saved.ok()) {
    saved = database.Execute(Concat("UPDATE summarised SET row = ", counted->last_row));
  }
  if (saved.ok()) saved = transaction->Commit();
  if (!saved.ok()) return saved;
  return counted->rows == kPruneStep;
}

absl::StatusOr<History> ReadSqliteHistory(Database& database, const HistoryQuery& query) {
  const absl::StatusOr<HistoryQuery> bounded = Bounded(query);
  if (!bounded.ok()) return bounded.status();
  History history;
  absl::Status read = ReadCounted(database, *bounded, history);
  if (read.ok()) read = ReadUncounted(database, *bounded, history);
  if (!read.ok()) return read;
  return history;
}

}  // namespace postwatch::collector
