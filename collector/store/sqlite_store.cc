#include "collector/store/sqlite_store.h"

#include <algorithm>
#include <map>

#include "collector/store/incident_wire.h"
#include "collector/store/sqlite_prune.h"
#include "collector/store/sqlite_schema.h"
#include "collector/store/sqlite_summaries.h"
#include "common/base/log.h"
#include "common/base/text.h"
#include "common/sqlite/database.h"

namespace postwatch::collector {
namespace {

constexpr int64_t kCacheBytes = 64 << 20;
// Larger than SQLite's default: a checkpoint costs fsyncs of its own.
constexpr std::string_view kCheckpointRarely = "PRAGMA wal_autocheckpoint=8000";
constexpr int kMaxRows = 100000;

using SpoolKey = std::pair<std::string, std::string>;  // agent, spool_id

// The watermarks of all spools that a transaction is about, as they are after it.
struct Marks {
  std::map<SpoolKey, uint64_t> all;
  std::pair<const SpoolKey, uint64_t>* last = nullptr;  // the one asked for last
};

class SqliteStore : public Store {
 public:
  SqliteStore(Database database, Statement insert, Statement find_mark, Statement save_mark)
      : database_(std::move(database)),
        insert_(std::move(insert)),
        find_mark_(std::move(find_mark)),
        save_mark_(std::move(save_mark)) {}

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
  absl::StatusOr<bool> InsertIfNew(const Sighting& sighting, Marks& marks);
  absl::StatusOr<uint64_t*> FindMark(const Sighting& sighting, Marks& marks);
  absl::Status SaveMark(const SpoolKey& spool, uint64_t watermark);
  absl::Status SaveIncidents(const std::vector<Incident>& incidents);
  absl::Status SaveDeliveries(const std::vector<Delivery>& deliveries);

  Database database_;
  Statement insert_;
  Statement find_mark_;
  Statement save_mark_;
  SightingSerializer serializer_;
};

// Reads `column` of every row with `parse`. A row that cannot be read is left out and logged: one
// damaged row must not hide all others.
template <class Parse>
auto ReadAll(Statement& query, int column, Parse parse)
    -> absl::StatusOr<std::vector<typename decltype(parse(std::string_view()))::value_type>> {
  std::vector<typename decltype(parse(std::string_view()))::value_type> out;
  while (true) {
    absl::StatusOr<bool> row = query.Step();
    if (!row.ok()) return row.status();
    if (!*row) return out;
    auto value = parse(query.View(column));
    if (value.ok()) {
      out.push_back(*std::move(value));
    } else {
      Log(LogLevel::kError, "a row of the store cannot be read and is left out",
          {{"error", std::string(value.status().message())}});
    }
  }
}

absl::Status SqliteStore::AppendAll(absl::Span<std::vector<Sighting>> batches) {
  absl::StatusOr<Transaction> transaction = Transaction::Begin(database_);
  if (!transaction.ok()) return transaction.status();
  Marks marks;
  std::vector<bool> is_new;  // of all batches, one after the other
  for (const std::vector<Sighting>& batch : batches) {
    for (const Sighting& sighting : batch) {
      absl::StatusOr<bool> inserted = InsertIfNew(sighting, marks);
      if (!inserted.ok()) return inserted.status();
      is_new.push_back(*inserted);
    }
  }
  if (std::find(is_new.begin(), is_new.end(), true) != is_new.end()) {
    for (const auto& [spool, watermark] : marks.all) {
      absl::Status saved = SaveMark(spool, watermark);
      if (!saved.ok()) return saved;
    }
    absl::Status committed = transaction->Commit();
    if (!committed.ok()) return committed;
  }
  auto next = is_new.begin();
  for (std::vector<Sighting>& batch : batches) {
    std::erase_if(batch, [&next](const Sighting&) { return !*next++; });
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> SqliteStore::InsertIfNew(const Sighting& sighting, Marks& marks) {
  absl::StatusOr<uint64_t*> mark = FindMark(sighting, marks);
  if (!mark.ok()) return mark.status();
  if (sighting.sequence <= **mark) return false;
  **mark = sighting.sequence;
  const Observation& observation = sighting.observation;
  insert_.BindTime(1, sighting.received).BindUnowned(2, sighting.vantage.agent);
  insert_.BindUnowned(3, observation.target).BindUnowned(4, observation.check_id);
  insert_.Bind(5, static_cast<int>(observation.outcome));
  insert_.BindUnownedBlob(6, serializer_.Serialize(sighting));
  absl::Status inserted = insert_.Run();
  if (!inserted.ok()) return inserted;
  return true;
}

// Neighbours are mostly of one spool.
absl::StatusOr<uint64_t*> SqliteStore::FindMark(const Sighting& sighting, Marks& marks) {
  if (marks.last != nullptr && marks.last->first.first == sighting.vantage.agent &&
      marks.last->first.second == sighting.spool_id) {
    return &marks.last->second;
  }
  SpoolKey spool(sighting.vantage.agent, sighting.spool_id);
  auto found = marks.all.find(spool);
  if (found == marks.all.end()) {
    absl::StatusOr<uint64_t> stored = Watermark(spool.first, spool.second);
    if (!stored.ok()) return stored.status();
    found = marks.all.emplace(std::move(spool), *stored).first;
  }
  marks.last = &*found;
  return &found->second;
}

absl::Status SqliteStore::SaveMark(const SpoolKey& spool, uint64_t watermark) {
  save_mark_.Bind(1, spool.first).Bind(2, spool.second);
  save_mark_.Bind(3, static_cast<int64_t>(watermark));
  return save_mark_.Run();
}

absl::StatusOr<uint64_t> SqliteStore::Watermark(const std::string& agent,
                                                const std::string& spool_id) {
  find_mark_.Reset();
  find_mark_.Bind(1, agent).Bind(2, spool_id);
  absl::StatusOr<bool> row = find_mark_.Step();
  uint64_t watermark = row.ok() && *row ? static_cast<uint64_t>(find_mark_.Int(0)) : 0;
  find_mark_.Reset();
  if (!row.ok()) return row.status();
  return watermark;
}

// The WHERE clause of a query, with its parameters numbered as BindQuery binds them.
std::string ObservationSql(const ObservationQuery& query) {
  std::string sql = "SELECT sighting FROM observations WHERE received >= ?1 AND received < ?2";
  if (!query.agent.empty()) Append(sql, " AND agent = ?3");
  if (!query.target.empty()) Append(sql, " AND target = ?4");
  if (!query.check_id.empty()) Append(sql, " AND check_id = ?5");
  if (!query.outcome.empty()) Append(sql, " AND outcome = ?6");
  std::string_view order = query.newest_first ? " DESC" : " ASC";
  Append(sql, " ORDER BY received", order, ", row", order, " LIMIT ?7");
  return sql;
}

absl::StatusOr<int> OutcomeNumber(std::string_view name) {
  for (Outcome outcome : {Outcome::kPass, Outcome::kFail, Outcome::kNotTested}) {
    if (OutcomeName(outcome) == name) return static_cast<int>(outcome);
  }
  return absl::InvalidArgumentError(Concat("query observations: no outcome is called \"", name,
                                           "\"; choose pass, fail or not_tested"));
}

absl::StatusOr<std::vector<Sighting>> SqliteStore::Observations(const ObservationQuery& query) {
  absl::StatusOr<Statement> select = database_.Prepare(ObservationSql(query));
  if (!select.ok()) return select.status();
  select->BindTime(1, query.from).BindTime(2, query.to);
  if (!query.agent.empty()) select->Bind(3, query.agent);
  if (!query.target.empty()) select->Bind(4, query.target);
  if (!query.check_id.empty()) select->Bind(5, query.check_id);
  if (!query.outcome.empty()) {
    absl::StatusOr<int> outcome = OutcomeNumber(query.outcome);
    if (!outcome.ok()) return outcome.status();
    select->Bind(6, *outcome);
  }
  select->Bind(7, std::clamp(query.limit, 1, kMaxRows));
  return ReadAll(*select, 0, ParseSighting);
}

absl::Status SqliteStore::Commit(const Decision& decision) {
  absl::StatusOr<Transaction> transaction = Transaction::Begin(database_);
  if (!transaction.ok()) return transaction.status();
  absl::Status saved = SaveIncidents(decision.incidents);
  if (saved.ok()) saved = SaveDeliveries(decision.deliveries);
  if (saved.ok()) saved = transaction->Commit();
  return saved;
}

absl::Status SqliteStore::SaveIncidents(const std::vector<Incident>& incidents) {
  absl::StatusOr<Statement> save = database_.Prepare(
      "INSERT INTO incidents(id, resolved, opened, incident) VALUES(?1, ?2, ?3, ?4) "
      "ON CONFLICT(id) DO UPDATE SET resolved = ?2, opened = ?3, incident = ?4");
  if (!save.ok()) return save.status();
  for (const Incident& incident : incidents) {
    save->Bind(1, incident.id).Bind(2, incident.state == IncidentState::kResolved);
    save->BindTime(3, incident.opened).BindBlob(4, SerializeIncident(incident));
    absl::Status saved = save->Run();
    if (!saved.ok()) return saved;
  }
  return absl::OkStatus();
}

absl::Status SqliteStore::SaveDeliveries(const std::vector<Delivery>& deliveries) {
  absl::StatusOr<Statement> save = database_.Prepare(
      "INSERT INTO outbox(id, sink, incident_id, attempts, due, alert) "
      "VALUES(?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT(id) DO NOTHING");
  if (!save.ok()) return save.status();
  for (const Delivery& delivery : deliveries) {
    save->Bind(1, delivery.id).Bind(2, delivery.sink).Bind(3, delivery.alert.incident.id);
    save->Bind(4, delivery.attempts).BindTime(5, delivery.due);
    save->BindBlob(6, SerializeAlert(delivery.alert));
    absl::Status saved = save->Run();
    if (!saved.ok()) return saved;
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Incident>> SqliteStore::Incidents(const IncidentQuery& query) {
  absl::StatusOr<Statement> select = database_.Prepare(
      Concat("SELECT incident FROM incidents", query.open_only ? " WHERE resolved = 0" : "",
             " ORDER BY opened DESC, rowid DESC LIMIT ?1"));
  if (!select.ok()) return select.status();
  select->Bind(1, std::clamp(query.limit, 1, kMaxRows));
  return ReadAll(*select, 0, ParseIncident);
}

absl::StatusOr<std::optional<Incident>> SqliteStore::FindIncident(const std::string& id) {
  absl::StatusOr<Statement> select =
      database_.Prepare("SELECT incident FROM incidents WHERE id = ?1");
  if (!select.ok()) return select.status();
  select->Bind(1, id);
  absl::StatusOr<bool> row = select->Step();
  if (!row.ok()) return row.status();
  if (!*row) return std::nullopt;
  absl::StatusOr<Incident> incident = ParseIncident(select->View(0));
  if (!incident.ok()) return incident.status();
  return *std::move(incident);
}

absl::StatusOr<std::vector<Delivery>> SqliteStore::PendingDeliveries(int limit) {
  absl::StatusOr<Statement> select = database_.Prepare(
      "SELECT alert, id, sink, attempts, due FROM outbox WHERE delivered IS NULL "
      "ORDER BY row LIMIT ?1");
  if (!select.ok()) return select.status();
  select->Bind(1, std::clamp(limit, 1, kMaxRows));
  return ReadAll(*select, 0, [&select](std::string_view bytes) -> absl::StatusOr<Delivery> {
    absl::StatusOr<Alert> alert = ParseAlert(bytes);
    if (!alert.ok()) return alert.status();
    return Delivery{select->Text(1), select->Text(2), *std::move(alert),
                    static_cast<int>(select->Int(3)), select->Time(4)};
  });
}

absl::Status SqliteStore::RecordDelivery(const std::string& delivery_id, bool delivered,
                                         absl::Time at, absl::Time retry_at,
                                         const std::string& error) {
  // Delivered is final: a late report of a failed try does not undo it.
  absl::StatusOr<Statement> update = database_.Prepare(
      "UPDATE outbox SET attempts = attempts + 1, tried = ?2, due = ?3, error = ?4, "
      "delivered = coalesce(delivered, ?5) WHERE id = ?1");
  if (!update.ok()) return update.status();
  update->Bind(1, delivery_id).BindTime(2, at).BindTime(3, retry_at).Bind(4, error);
  if (delivered) {
    update->BindTime(5, at);
  } else {
    update->BindNull(5);
  }
  absl::Status done = update->Run();
  if (!done.ok()) return done;
  if (database_.changes() == 0) {
    return absl::NotFoundError(
        Concat("record a delivery: the outbox has none with id ", delivery_id));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Alert>> SqliteStore::LastAlerts() {
  absl::StatusOr<Statement> select = database_.Prepare(
      "SELECT alert FROM outbox WHERE row IN (SELECT max(outbox.row) FROM incidents "
      "JOIN outbox ON outbox.incident_id = incidents.id WHERE incidents.resolved = 0 "
      "GROUP BY incidents.id) ORDER BY row");
  if (!select.ok()) return select.status();
  return ReadAll(*select, 0, ParseAlert);
}

absl::Status SqliteStore::SaveAgent(const AgentRecord& agent) {
  absl::StatusOr<Statement> save = database_.Prepare(
      "INSERT INTO agents(name, agent) VALUES(?1, ?2) ON CONFLICT(name) DO UPDATE SET agent = ?2");
  if (!save.ok()) return save.status();
  save->Bind(1, agent.vantage.agent).BindBlob(2, SerializeAgent(agent));
  return save->Run();
}

absl::StatusOr<std::vector<AgentRecord>> SqliteStore::Agents() {
  absl::StatusOr<Statement> select = database_.Prepare("SELECT agent FROM agents ORDER BY name");
  if (!select.ok()) return select.status();
  return ReadAll(*select, 0, ParseAgent);
}

absl::Status SqliteStore::ForgetAgent(const std::string& agent) {
  absl::StatusOr<Statement> erase = database_.Prepare("DELETE FROM agents WHERE name = ?1");
  if (!erase.ok()) return erase.status();
  erase->Bind(1, agent);
  return erase->Run();
}

absl::StatusOr<bool> SqliteStore::SpendToken(const std::string& id, absl::Time expires) {
  absl::StatusOr<Statement> spend = database_.Prepare(
      "INSERT INTO spent_tokens(id, expires) VALUES(?1, ?2) ON CONFLICT(id) DO NOTHING");
  if (!spend.ok()) return spend.status();
  spend->Bind(1, id).BindTime(2, expires);
  absl::Status done = spend->Run();
  if (!done.ok()) return done;
  return database_.changes() == 1;
}

absl::StatusOr<bool> SqliteStore::Prune(const Horizon& before) {
  return PruneSqlite(database_, before);
}

absl::StatusOr<History> SqliteStore::Summaries(const HistoryQuery& query) {
  return ReadSqliteHistory(database_, query);
}

// Two transactions: what is taken back before the commit would never be written.
absl::Status SqliteStore::ProveWritable(int bytes) {
  const std::string proof = Concat("CAST(zeroblob(", bytes, ") AS TEXT)");
  return database_.Execute(Concat("INSERT OR REPLACE INTO spent_tokens(id, expires) VALUES(", proof,
                                  ", 0); DELETE FROM spent_tokens WHERE id = ", proof));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Store>> OpenSqliteStore(const std::string& path) {
  absl::StatusOr<Database> database =
      Database::Open(path, {.cache_bytes = kCacheBytes, .one_process = true});
  if (!database.ok()) return database.status();
  absl::Status ready = Migrate(*database, SqliteSchema());
  if (ready.ok()) ready = database->Execute(kCheckpointRarely);
  if (!ready.ok()) return absl::Status(ready.code(), Concat(path, ": ", ready.message()));
  absl::StatusOr<Statement> insert = database->Prepare(
      "INSERT INTO observations(received, agent, target, check_id, outcome, sighting) "
      "VALUES(?1, ?2, ?3, ?4, ?5, ?6)");
  if (!insert.ok()) return insert.status();
  absl::StatusOr<Statement> find_mark =
      database->Prepare("SELECT watermark FROM spools WHERE agent = ?1 AND spool_id = ?2");
  if (!find_mark.ok()) return find_mark.status();
  absl::StatusOr<Statement> save_mark = database->Prepare(
      "INSERT INTO spools(agent, spool_id, watermark) VALUES(?1, ?2, ?3) "
      "ON CONFLICT(agent, spool_id) DO UPDATE SET watermark = ?3");
  if (!save_mark.ok()) return save_mark.status();
  return std::make_unique<SqliteStore>(*std::move(database), *std::move(insert),
                                       *std::move(find_mark), *std::move(save_mark));
}

}  // namespace postwatch::collector
