#include "collector/store/postgres_store.h"

#include <algorithm>

#include "collector/store/incident_wire.h"
#include "collector/store/postgres_append.h"
#include "collector/store/postgres_prune.h"
#include "collector/store/postgres_schema.h"
#include "collector/store/postgres_session.h"
#include "collector/store/postgres_summaries.h"
#include "common/base/log.h"
#include "common/base/text.h"

namespace postwatch::collector {
namespace {

constexpr int kMaxRows = 100000;

// A row that cannot be read is left out and logged: one damaged row must not hide all others.
template <class Value>
void Keep(absl::StatusOr<Value> value, std::vector<Value>& out) {
  if (value.ok()) {
    out.push_back(*std::move(value));
  } else {
    Log(LogLevel::kError, "a row of the store cannot be read and is left out",
        {{"error", std::string(FromAbsl(value.status().message()))}});
  }
}

class PostgresStore : public Store {
 public:
  explicit PostgresStore(PostgresSession session) : session_(std::move(session)) {}

  absl::Status AppendAll(absl::Span<std::vector<Sighting>> batches) override;
  absl::StatusOr<uint64_t> Watermark(const std::string& agent,
                                     const std::string& spool_id) override;
  absl::StatusOr<std::vector<Sighting>> Observations(const ObservationQuery& query) override;
  absl::StatusOr<History> Summaries(const HistoryQuery& query) override;
  absl::Status Commit(const Decision& decision) override;
  absl::StatusOr<std::vector<Incident>> Incidents(const IncidentQuery& query) override;
  absl::StatusOr<std::optional<Incident>> FindIncident(const std::string& id) override;
  absl::StatusOr<std::vector<Delivery>> PendingDeliveries(int limit) override;
  absl::Status RecordDelivery(const std::string& delivery_id, bool delivered, absl::Time at,
                              absl::Time retry_at, const std::string& error) override;
  absl::StatusOr<std::vector<Alert>> LastAlerts() override;
  absl::Status SaveAgent(const AgentRecord& agent) override;
  absl::StatusOr<std::vector<AgentRecord>> Agents() override;
  absl::Status ForgetAgent(const std::string& agent) override;
  absl::StatusOr<bool> SpendToken(const std::string& id, absl::Time expires) override;
  absl::StatusOr<bool> Prune(const Horizon& before) override;
  absl::Status ProveWritable(int bytes) override;

 private:
  // Column 0 of all rows, as `parse` reads it.
  template <class Value>
  absl::StatusOr<std::vector<Value>> ReadAll(const std::string& sql,
                                             const PostgresParameters& parameters,
                                             absl::StatusOr<Value> (*parse)(std::string_view));

  PostgresSession session_;
  PostgresAppend append_;
};

template <class Value>
absl::StatusOr<std::vector<Value>> PostgresStore::ReadAll(
    const std::string& sql, const PostgresParameters& parameters,
    absl::StatusOr<Value> (*parse)(std::string_view)) {
  std::vector<Value> out;
  const absl::Status read = session_.Run([&](PostgresConnection& connection) {
    out.clear();
    return connection.Query(sql, parameters, [&](const PostgresRow& row) {
      Keep(parse(row.View(0)), out);
      return absl::OkStatus();
    });
  });
  if (!read.ok()) return read;
  return out;
}

absl::Status PostgresStore::AppendAll(absl::Span<std::vector<Sighting>> batches) {
  const absl::StatusOr<std::string> last = session_.LastWords();
  if (!last.ok()) return last.status();
  std::vector<bool> is_new;
  const absl::Status appended = session_.Run([&](PostgresConnection& connection) {
    const PostgresAppend::Session session{session_.connections(), *last};
    return append_.AppendAll(connection, session, batches, is_new);
  });
  if (!appended.ok()) return appended;
  auto next = is_new.begin();
  for (std::vector<Sighting>& batch : batches) {
    std::erase_if(batch, [&next](const Sighting&) { return !*next++; });
  }
  return absl::OkStatus();
}

absl::StatusOr<uint64_t> PostgresStore::Watermark(const std::string& agent,
                                                  const std::string& spool_id) {
  absl::StatusOr<uint64_t> mark = 0;
  const absl::Status read = session_.Run([&](PostgresConnection& connection) {
    mark = append_.Watermark(connection, agent, spool_id);
    return mark.status();
  });
  if (!read.ok()) return read;
  return mark;
}

absl::StatusOr<int> OutcomeNumber(std::string_view name) {
  for (Outcome outcome : {Outcome::kPass, Outcome::kFail, Outcome::kNotTested}) {
    if (OutcomeName(outcome) == name) return static_cast<int>(outcome);
  }
  return absl::InvalidArgumentError(Concat("query observations: no outcome is called \"", name,
                                           "\"; choose pass, fail or not_tested"));
}

absl::StatusOr<std::vector<Sighting>> PostgresStore::Observations(const ObservationQuery& query) {
  PostgresParameters parameters;
  parameters.AddTime(query.from).AddTime(query.to);
  std::string sql = "SELECT sighting FROM observations WHERE received >= $1 AND received < $2";
  const auto restrict_to = [&](std::string_view column, const std::string& value) {
    if (value.empty()) return;
    parameters.AddText(StoredText(value));
    postwatch::Append(sql, " AND ", column, " = $", parameters.values().size());
  };
  restrict_to("agent", query.agent);
  restrict_to("target", query.target);
  restrict_to("check_id", query.check_id);
  if (!query.outcome.empty()) {
    absl::StatusOr<int> outcome = OutcomeNumber(query.outcome);
    if (!outcome.ok()) return outcome.status();
    postwatch::Append(sql, " AND outcome = ", *outcome);
  }
  const std::string_view order = query.newest_first ? " DESC" : " ASC";
  postwatch::Append(sql, " ORDER BY received", order, ", place", order, " LIMIT ",
                    std::clamp(query.limit, 1, kMaxRows));
  return ReadAll(sql, parameters, ParseSighting);
}

absl::Status SaveIncidents(PostgresConnection& connection, const std::vector<Incident>& incidents) {
  for (const Incident& incident : incidents) {
    PostgresParameters row;
    row.AddText(StoredText(incident.id)).AddBool(incident.state == IncidentState::kResolved);
    row.AddTime(incident.opened).AddBytes(SerializeIncident(incident));
    const absl::Status saved =
        connection
            .Run(
                "INSERT INTO incidents(id, resolved, opened, incident) VALUES($1, $2, $3, $4) "
                "ON CONFLICT(id) DO UPDATE SET resolved = $2, opened = $3, incident = $4",
                row)
            .status();
    if (!saved.ok()) return saved;
  }
  return absl::OkStatus();
}

absl::Status SaveDeliveries(PostgresConnection& connection,
                            const std::vector<Delivery>& deliveries) {
  for (const Delivery& delivery : deliveries) {
    PostgresParameters row;
    row.AddText(StoredText(delivery.id)).AddText(StoredText(delivery.sink));
    row.AddText(StoredText(delivery.alert.incident.id)).AddInt(delivery.attempts);
    row.AddTime(delivery.due).AddBytes(SerializeAlert(delivery.alert));
    const absl::Status saved =
        connection
            .Run(
                "INSERT INTO outbox(id, sink, incident_id, attempts, due, alert) "
                "VALUES($1, $2, $3, $4, $5, $6) ON CONFLICT(id) DO NOTHING",
                row)
            .status();
    if (!saved.ok()) return saved;
  }
  return absl::OkStatus();
}

absl::Status PostgresStore::Commit(const Decision& decision) {
  return session_.Write([&decision](PostgresConnection& connection) {
    absl::Status saved = SaveIncidents(connection, decision.incidents);
    if (saved.ok()) saved = SaveDeliveries(connection, decision.deliveries);
    return saved;
  });
}

absl::StatusOr<std::vector<Incident>> PostgresStore::Incidents(const IncidentQuery& query) {
  return ReadAll(
      Concat("SELECT incident FROM incidents", query.open_only ? " WHERE NOT resolved" : "",
             " ORDER BY opened DESC, place DESC LIMIT ", std::clamp(query.limit, 1, kMaxRows)),
      {}, ParseIncident);
}

absl::StatusOr<std::optional<Incident>> PostgresStore::FindIncident(const std::string& id) {
  PostgresParameters key;
  key.AddText(StoredText(id));
  absl::StatusOr<std::optional<Incident>> found = std::nullopt;
  const absl::Status read = session_.Run([&](PostgresConnection& connection) {
    return connection.Query("SELECT incident FROM incidents WHERE id = $1", key,
                            [&found](const PostgresRow& row) {
                              absl::StatusOr<Incident> incident = ParseIncident(row.View(0));
                              if (!incident.ok()) return incident.status();
                              found = *std::move(incident);
                              return absl::OkStatus();
                            });
  });
  if (!read.ok()) return read;
  return found;
}

absl::StatusOr<std::vector<Delivery>> PostgresStore::PendingDeliveries(int limit) {
  std::vector<Delivery> out;
  const std::string sql =
      Concat("SELECT alert, id, sink, attempts, due FROM outbox WHERE delivered IS NULL ",
             "ORDER BY place LIMIT ", std::clamp(limit, 1, kMaxRows));
  const absl::Status read = session_.Run([&](PostgresConnection& connection) {
    out.clear();
    return connection.Query(sql, {}, [&out](const PostgresRow& row) {
      absl::StatusOr<Delivery> delivery =
          Delivery{row.Text(1), row.Text(2), Alert(), static_cast<int>(row.Int(3)), row.Time(4)};
      absl::StatusOr<Alert> alert = ParseAlert(row.View(0));
      if (alert.ok()) {
        delivery->alert = *std::move(alert);
      } else {
        delivery = alert.status();
      }
      Keep(std::move(delivery), out);
      return absl::OkStatus();
    });
  });
  if (!read.ok()) return read;
  return out;
}

absl::Status PostgresStore::RecordDelivery(const std::string& delivery_id, bool delivered,
                                           absl::Time at, absl::Time retry_at,
                                           const std::string& error) {
  PostgresParameters row;
  row.AddText(StoredText(delivery_id)).AddTime(at).AddTime(retry_at).AddText(StoredText(error));
  if (delivered) {
    row.AddTime(at);
  } else {
    row.AddNull(PostgresType::kTime);
  }
  int64_t changed = 0;
  // Delivered is final: a late report of a failed try does not undo it.
  const absl::Status recorded = session_.Write([&](PostgresConnection& connection) {
    absl::StatusOr<int64_t> rows = connection.Run(
        "UPDATE outbox SET attempts = attempts + 1, tried = $2, due = $3, error = $4, "
        "delivered = coalesce(delivered, $5) WHERE id = $1",
        row);
    changed = rows.value_or(0);
    return rows.status();
  });
  if (!recorded.ok() || changed > 0) return recorded;
  return absl::NotFoundError(
      Concat("record a delivery: the outbox has none with id ", delivery_id));
}

absl::StatusOr<std::vector<Alert>> PostgresStore::LastAlerts() {
  return ReadAll(
      "SELECT alert FROM outbox WHERE place IN (SELECT max(outbox.place) FROM incidents "
      "JOIN outbox ON outbox.incident_id = incidents.id WHERE NOT incidents.resolved "
      "GROUP BY incidents.id) ORDER BY place",
      {}, ParseAlert);
}

absl::Status PostgresStore::SaveAgent(const AgentRecord& agent) {
  PostgresParameters row;
  row.AddText(StoredText(agent.vantage.agent)).AddBytes(SerializeAgent(agent));
  return session_.WriteOne(
      "INSERT INTO agents(name, agent) VALUES($1, $2) ON CONFLICT(name) DO UPDATE SET agent = $2",
      row);
}

absl::StatusOr<std::vector<AgentRecord>> PostgresStore::Agents() {
  return ReadAll("SELECT agent FROM agents ORDER BY name COLLATE \"C\"", {}, ParseAgent);
}

absl::Status PostgresStore::ForgetAgent(const std::string& agent) {
  PostgresParameters key;
  key.AddText(StoredText(agent));
  return session_.WriteOne("DELETE FROM agents WHERE name = $1", key);
}

absl::StatusOr<bool> PostgresStore::SpendToken(const std::string& id, absl::Time expires) {
  PostgresParameters row;
  row.AddText(StoredText(id)).AddTime(expires);
  bool spent = false;
  // When the answer to the commit is lost, the second run finds it spent: then nobody joins by it.
  const absl::Status done = session_.Write([&](PostgresConnection& connection) {
    absl::StatusOr<int64_t> rows = connection.Run(
        "INSERT INTO spent_tokens(id, expires) VALUES($1, $2) ON CONFLICT(id) DO NOTHING", row);
    spent = rows.value_or(0) == 1;
    return rows.status();
  });
  if (!done.ok()) return done;
  return spent;
}

absl::StatusOr<History> PostgresStore::Summaries(const HistoryQuery& query) {
  return ReadPostgresHistory(session_, query);
}

absl::StatusOr<bool> PostgresStore::Prune(const Horizon& before) {
  append_.ForgetDays();
  return PrunePostgres(session_, before);
}

// No agent has an empty name. The server compresses zeros: a few rows' worth of log is proof
// enough.
absl::Status PostgresStore::ProveWritable(int bytes) {
  PostgresParameters proof;
  proof.AddText("").AddBytes(std::string(static_cast<size_t>(bytes), '\0'));
  absl::Status written = session_.WriteOne(
      "INSERT INTO agents(name, agent) VALUES($1, $2) ON CONFLICT DO NOTHING", proof);
  if (!written.ok()) return written;
  PostgresParameters key;
  key.AddText("");
  return session_.WriteOne("DELETE FROM agents WHERE name = $1", key);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Store>> OpenPostgresStore(const PostgresOptions& database,
                                                         std::shared_ptr<Fence> fence) {
  PostgresSession session(database, "store", std::move(fence));
  const absl::Status ready = session.Run(
      [](PostgresConnection& connection) { return Migrate(connection, PostgresSchema()); });
  if (!ready.ok()) return ready;
  return std::make_unique<PostgresStore>(std::move(session));
}

}  // namespace postwatch::collector
