#include "collector/store/postgres_summaries.h"

#include <string>

#include "absl/strings/escaping.h"
#include "collector/store/history.h"
#include "collector/store/incident_wire.h"
#include "collector/store/postgres_append.h"
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
  int64_t last_place = 0;
  HourSummaries summaries;  // by names as they are stored
};

// " WHERE place > ..." in figures: the planner must know that these are the few newest.
absl::StatusOr<std::string> WhereUncounted(PostgresConnection& connection) {
  absl::StatusOr<std::string> mark = connection.Execute("SELECT place FROM summarised");
  if (!mark.ok()) return mark;
  return Concat(" WHERE place > ", ParseInteger(*mark).value_or(0));
}

absl::Status CountNext(PostgresConnection& connection, Counted& counted) {
  const absl::StatusOr<std::string> uncounted = WhereUncounted(connection);
  if (!uncounted.ok()) return uncounted.status();
  const std::string next = Concat("SELECT place, sighting FROM observations", *uncounted,
                                  " ORDER BY place LIMIT ", kPruneStep);
  return connection.Query(next, {}, [&counted](const PostgresRow& row) {
    ++counted.rows;
    counted.last_place = row.Int(0);
    absl::StatusOr<Sighting> sighting = ParseSighting(row.View(1));
    if (!sighting.ok()) {
      LogUnreadable(sighting.status());
      return absl::OkStatus();
    }
    for (std::string* name : {&sighting->observation.target, &sighting->observation.check_id,
                              &sighting->vantage.agent}) {
      *name = StoredText(*name);
    }
    AddTo(counted.summaries, *sighting);
    return absl::OkStatus();
  });
}

std::string KeySql(PostgresConnection& connection, const HourKey& key) {
  return Concat("to_timestamp(", absl::ToUnixSeconds(key.hour), "), ", connection.Quote(key.target),
                ", ", connection.Quote(key.check_id), ", ", connection.Quote(key.agent));
}

HourKey ReadKey(const PostgresRow& row) {
  return {row.Time(0), row.Text(1), row.Text(2), row.Text(3)};
}

// What was counted before of the same hours, all in one question.
absl::Status AddEarlier(PostgresConnection& connection, HourSummaries& summaries) {
  std::string keys;
  for (const auto& [key, summary] : summaries) {
    Append(keys, keys.empty() ? "(" : ", (", KeySql(connection, key), ")");
  }
  return connection.Query(
      Concat("SELECT hour, target, check_id, agent, summary FROM summaries JOIN (VALUES ", keys,
             ") AS wanted(hour, target, check_id, agent) USING (hour, target, check_id, agent)"),
      {}, [&summaries](const PostgresRow& row) {
        const absl::StatusOr<HourSummary> before = ParseSummary(row.View(4));
        if (before.ok()) {
          summaries[ReadKey(row)].Merge(*before);
        } else {
          LogUnreadable(before.status());
        }
        return absl::OkStatus();
      });
}

absl::Status SaveAll(PostgresConnection& connection, const HourSummaries& summaries) {
  std::string rows;
  for (const auto& [key, summary] : summaries) {
    const std::string bytes = SerializeSummary(summary);
    Append(rows, rows.empty() ? "(" : ", (", KeySql(connection, key), ", '\\x",
           absl::BytesToHexString(ToAbsl(bytes)), "'::bytea)");
  }
  return connection
      .Run(Concat("INSERT INTO summaries(hour, target, check_id, agent, summary) VALUES ", rows,
                  " ON CONFLICT(hour, target, check_id, agent) "
                  "DO UPDATE SET summary = EXCLUDED.summary"))
      .status();
}

// ` AND column = $n` for each name the query gives.
std::string Restrictions(const HistoryQuery& query, PostgresParameters& parameters) {
  std::string sql;
  const auto restrict_to = [&](std::string_view column, const std::string& value) {
    if (value.empty()) return;
    parameters.AddText(StoredText(value));
    Append(sql, " AND ", column, " = $", parameters.values().size());
  };
  restrict_to("target", query.target);
  restrict_to("check_id", query.check_id);
  restrict_to("agent", query.agent);
  return sql;
}

absl::Status ReadCounted(PostgresConnection& connection, const HistoryQuery& query,
                         History& history) {
  PostgresParameters parameters;
  parameters.AddTime(query.from).AddTime(query.to);
  const std::string restrictions = Restrictions(query, parameters);
  const absl::Status read =
      connection.Query(Concat("SELECT hour, target, check_id, agent, summary FROM summaries "
                              "WHERE hour >= $1 AND hour < $2",
                              restrictions, " ORDER BY hour LIMIT ", query.limit + 1),
                       parameters, [&history](const PostgresRow& row) {
                         absl::StatusOr<HourSummary> summary = ParseSummary(row.View(4));
                         if (summary.ok()) {
                           history.hours.emplace(ReadKey(row), *std::move(summary));
                         } else {
                           LogUnreadable(summary.status());
                         }
                         return absl::OkStatus();
                       });
  return read.ok() ? Cut(history, query) : read;
}

absl::Status ReadUncounted(PostgresConnection& connection, const HistoryQuery& query,
                           History& history) {
  const absl::StatusOr<std::string> uncounted = WhereUncounted(connection);
  if (!uncounted.ok()) return uncounted.status();
  PostgresParameters parameters;
  const std::string restrictions = Restrictions(query, parameters);
  int rows = 0;
  const absl::Status read =
      connection.Query(Concat("SELECT sighting FROM observations", *uncounted, restrictions,
                              " ORDER BY place LIMIT ", kMaxUncounted + 1),
                       parameters, [&](const PostgresRow& row) {
                         const absl::StatusOr<Sighting> sighting = ParseSighting(row.View(0));
                         if (++rows <= kMaxUncounted && sighting.ok())
                           AddUncounted(history, query, *sighting);
                         return absl::OkStatus();
                       });
  history.complete = rows <= kMaxUncounted;
  return read;
}

}  // namespace

absl::StatusOr<bool> SummarisePostgres(PostgresSession& session) {
  bool more = false;
  const absl::Status done = session.Write([&more](PostgresConnection& connection) {
    Counted counted;
    absl::Status step = CountNext(connection, counted);
    more = counted.rows == kPruneStep;
    if (!step.ok() || counted.rows == 0) return step;
    if (!counted.summaries.empty()) {
      step = AddEarlier(connection, counted.summaries);
      if (step.ok()) step = SaveAll(connection, counted.summaries);
      if (!step.ok()) return step;
    }
    PostgresParameters mark;
    mark.AddInt(counted.last_place);
    return connection.Run("UPDATE summarised SET place = $1", mark).status();
  });
  if (!done.ok()) return done;
  return more;
}

absl::StatusOr<History> ReadPostgresHistory(PostgresSession& session, const HistoryQuery& query) {
  const absl::StatusOr<HistoryQuery> bounded = Bounded(query);
  if (!bounded.ok()) return bounded.status();
  History history;
  const absl::Status read = session.Run([&](PostgresConnection& connection) {
    history = History();
    absl::Status counted = ReadCounted(connection, *bounded, history);
    return counted.ok() ? ReadUncounted(connection, *bounded, history) : counted;
  });
  if (!read.ok()) return read;
  return history;
}

}  // namespace postwatch::collector
