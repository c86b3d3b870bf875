#include "agent/probes/sqlite_ledger.h"

#include <optional>
#include <utility>

#include "common/base/text.h"
#include "common/sqlite/database.h"
#include "common/sqlite/set_aside.h"

namespace postwatch::agent {
namespace {

constexpr absl::Duration kKeep = absl::Hours(24 * 7);
constexpr int64_t kMaxEntriesOfCheck = 12000;
constexpr absl::Duration kKeepNotes = absl::Hours(24 * 90);
constexpr int64_t kMaxNotes = 4096;

constexpr std::string_view kSchema[] = {
    "CREATE TABLE letters ("
    " probe_id TEXT PRIMARY KEY,"
    " observation_id TEXT NOT NULL,"
    " check_id TEXT NOT NULL,"
    " route TEXT NOT NULL,"
    " sent INTEGER NOT NULL,"  // microseconds since the Unix epoch
    " reported_missing INTEGER NOT NULL DEFAULT 0"
    ") WITHOUT ROWID;"
    "CREATE INDEX letters_by_check ON letters (check_id, sent);"
    "CREATE INDEX letters_by_age ON letters (sent);",
    "ALTER TABLE letters ADD COLUMN reported_lost INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE letters ADD COLUMN delivered INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE letters ADD COLUMN settled INTEGER NOT NULL DEFAULT 0;",
    "CREATE TABLE notes ("
    " check_id TEXT NOT NULL,"
    " key TEXT NOT NULL,"
    " text TEXT NOT NULL,"
    " written INTEGER NOT NULL,"
    " PRIMARY KEY (check_id, key)"
    ") WITHOUT ROWID;"
    "CREATE INDEX notes_by_age ON notes (written);",
};

constexpr std::string_view kColumns =
    "probe_id, observation_id, check_id, route, sent, reported_missing, reported_lost, delivered, "
    "settled";

// What an event sets.
std::string_view ChangeOf(LetterEvent event) {
  switch (event) {
    case LetterEvent::kReportedMissing:
      return "reported_missing = 1";
    case LetterEvent::kReportedLost:
      return "reported_lost = 1";
    case LetterEvent::kAmended:
      return "reported_missing = 0";
    case LetterEvent::kDelivered:
      return "delivered = 1";
    case LetterEvent::kSettled:
      return "settled = 1";
  }
  return "settled = 1";
}

LedgerEntry ReadEntry(const Statement& row) {
  LedgerEntry entry;
  entry.probe_id = row.Text(0);
  entry.observation_id = row.Text(1);
  entry.check_id = row.Text(2);
  entry.route = row.Text(3);
  entry.sent = row.Time(4);
  entry.reported_missing = row.Int(5) != 0;
  entry.reported_lost = row.Int(6) != 0;
  entry.delivered = row.Int(7) != 0;
  entry.settled = row.Int(8) != 0;
  return entry;
}

class SqliteLedger : public Ledger {
 public:
  SqliteLedger(std::string path, const Clock& clock) : path_(std::move(path)), clock_(clock) {}

  // Opens the file, setting aside a corrupt one at most once.
  absl::Status Start() {
    absl::Status status = Load();
    if (absl::IsDataLoss(status)) status = Replace(status);
    return status;
  }

  absl::Status Sent(LedgerEntry entry) override {
    absl::Status status = Insert(entry);
    if (!absl::IsDataLoss(status)) return status;
    status = Replace(status);
    return status.ok() ? Insert(entry) : status;
  }

  absl::Status Note(const std::string& probe_id, LetterEvent event) override {
    return Guard(
        RunFor(Concat("UPDATE letters SET ", ChangeOf(event), " WHERE probe_id = ?"), probe_id));
  }

  absl::StatusOr<std::optional<LedgerEntry>> Find(const std::string& probe_id) override {
    absl::StatusOr<std::vector<LedgerEntry>> found =
        Select("WHERE probe_id = ? AND sent > ?", probe_id);
    if (!found.ok()) return found.status();
    if (found->empty()) return std::optional<LedgerEntry>();
    return std::optional<LedgerEntry>(std::move(found->front()));
  }

  absl::StatusOr<std::vector<LedgerEntry>> InFlight(const std::string& check_id) override {
    return Select("WHERE check_id = ? AND sent > ? AND settled = 0 ORDER BY sent, probe_id",
                  check_id);
  }

  absl::StatusOr<bool> OthersDeliver(const std::string& check_id, absl::Time since) override {
    absl::StatusOr<Statement> select = Prepare(
        "SELECT 1 FROM letters WHERE check_id <> ? AND sent >= ? AND delivered = 1 LIMIT 1");
    if (!select.ok()) return select.status();
    select->Bind(1, check_id).BindTime(2, since);
    return select->Step();
  }

  absl::Status Keep(const std::string& check_id, const std::string& key,
                    const std::string& text) override {
    if (key.size() > kMaxNoteKeyBytes || text.size() > kMaxNoteBytes) {
      return absl::InvalidArgumentError(Concat("ledger: a note of ", text.size(),
                                               " bytes under a key of ", key.size(),
                                               " is too long to be kept"));
    }
    const absl::Status status = text.empty() ? TakeAway(check_id, key) : Write(check_id, key, text);
    return Guard(status);
  }

  absl::StatusOr<std::string> Recall(const std::string& check_id, const std::string& key) override {
    absl::StatusOr<std::string> text = TryRecall(check_id, key);
    if (!absl::IsDataLoss(text.status())) return text;
    if (absl::Status status = Replace(text.status()); !status.ok()) return status;
    return std::string();
  }

 private:
  absl::Status Load() {
    absl::StatusOr<Database> database = Database::Open(path_);
    if (!database.ok()) return database.status();
    if (absl::Status status = Migrate(*database, kSchema); !status.ok()) return status;
    database_ = *std::move(database);
    return absl::OkStatus();
  }

  // What was in flight is forgotten: such letters are not known when they arrive.
  absl::Status Replace(const absl::Status& why) {
    database_.reset();
    absl::Status status = SetAsideCorrupt(path_, "ledger", why);
    return status.ok() ? Load() : status;
  }

  // A new ledger knows nothing, and so has nothing to change.
  absl::Status Guard(const absl::Status& status) {
    return absl::IsDataLoss(status) ? Replace(status) : status;
  }

  absl::StatusOr<Statement> Prepare(std::string_view sql) {
    if (!database_.has_value()) return absl::UnavailableError("ledger: the file is not open");
    return database_->Prepare(sql);
  }

  absl::Status Insert(const LedgerEntry& entry) {
    const absl::Status forgotten = Forget(entry.check_id);
    if (!forgotten.ok()) return forgotten;
    absl::StatusOr<Statement> insert =
        Prepare(Concat("INSERT INTO letters (", kColumns, ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"));
    if (!insert.ok()) return insert.status();
    insert->Bind(1, entry.probe_id).Bind(2, entry.observation_id).Bind(3, entry.check_id);
    insert->Bind(4, entry.route).BindTime(5, entry.sent).Bind(6, entry.reported_missing);
    insert->Bind(7, entry.reported_lost).Bind(8, entry.delivered).Bind(9, entry.settled);
    return insert->Run();
  }

  absl::Status RunFor(std::string_view sql, const std::string& key) {
    absl::StatusOr<Statement> statement = Prepare(sql);
    if (!statement.ok()) return statement.status();
    return statement->Bind(1, key).Run();
  }

  absl::StatusOr<std::vector<LedgerEntry>> Select(std::string_view where, const std::string& key) {
    absl::StatusOr<std::vector<LedgerEntry>> entries = TrySelect(where, key);
    if (!absl::IsDataLoss(entries.status())) return entries;
    if (absl::Status status = Replace(entries.status()); !status.ok()) return status;
    return std::vector<LedgerEntry>();
  }

  absl::StatusOr<std::vector<LedgerEntry>> TrySelect(std::string_view where,
                                                     const std::string& key) {
    absl::StatusOr<Statement> select =
        Prepare(Concat("SELECT ", kColumns, " FROM letters ", where));
    if (!select.ok()) return select.status();
    select->Bind(1, key).BindTime(2, clock_.Now() - kKeep);
    std::vector<LedgerEntry> entries;
    for (;;) {
      const absl::StatusOr<bool> row = select->Step();
      if (!row.ok()) return row.status();
      if (!*row) return entries;
      entries.push_back(ReadEntry(*select));
    }
  }

  // Makes room: drops what is too old, and the oldest of a check that has too many.
  absl::Status Forget(const std::string& check_id) {
    absl::StatusOr<Statement> old = Prepare("DELETE FROM letters WHERE sent <= ?");
    if (!old.ok()) return old.status();
    const absl::Status dropped = old->BindTime(1, clock_.Now() - kKeep).Run();
    if (!dropped.ok()) return dropped;
    absl::StatusOr<Statement> surplus = Prepare(
        "DELETE FROM letters WHERE probe_id IN (SELECT probe_id FROM letters WHERE check_id = ?"
        " ORDER BY sent DESC, probe_id LIMIT -1 OFFSET ?)");
    if (!surplus.ok()) return surplus.status();
    return surplus->Bind(1, check_id).Bind(2, kMaxEntriesOfCheck - 1).Run();
  }

  absl::Status TakeAway(const std::string& check_id, const std::string& key) {
    absl::StatusOr<Statement> remove = Prepare("DELETE FROM notes WHERE check_id = ? AND key = ?");
    if (!remove.ok()) return remove.status();
    return remove->Bind(1, check_id).Bind(2, key).Run();
  }

  absl::Status Write(const std::string& check_id, const std::string& key, const std::string& text) {
    absl::StatusOr<Statement> write =
        Prepare("REPLACE INTO notes (check_id, key, text, written) VALUES (?, ?, ?, ?)");
    if (!write.ok()) return write.status();
    write->Bind(1, check_id).Bind(2, key).Bind(3, text).BindTime(4, clock_.Now());
    const absl::Status written = write->Run();
    if (!written.ok()) return written;
    absl::StatusOr<Statement> surplus = Prepare(
        "DELETE FROM notes WHERE written <= ? OR (check_id, key) IN (SELECT check_id, key"
        " FROM notes ORDER BY written DESC, check_id, key LIMIT -1 OFFSET ?)");
    if (!surplus.ok()) return surplus.status();
    return surplus->BindTime(1, clock_.Now() - kKeepNotes).Bind(2, kMaxNotes).Run();
  }

  absl::StatusOr<std::string> TryRecall(const std::string& check_id, const std::string& key) {
    absl::StatusOr<Statement> select =
        Prepare("SELECT text FROM notes WHERE check_id = ? AND key = ? AND written > ?");
    if (!select.ok()) return select.status();
    select->Bind(1, check_id).Bind(2, key).BindTime(3, clock_.Now() - kKeepNotes);
    const absl::StatusOr<bool> row = select->Step();
    if (!row.ok()) return row.status();
    return *row ? select->Text(0) : std::string();
  }

  const std::string path_;
  const Clock& clock_;
  std::optional<Database> database_;  // nothing while a corrupt one cannot be replaced
};

}  // namespace

absl::StatusOr<std::unique_ptr<Ledger>> OpenSqliteLedger(const std::string& path,
                                                         const Clock& clock) {
  auto ledger = std::make_unique<SqliteLedger>(path, clock);
  if (absl::Status status = ledger->Start(); !status.ok()) {
    return absl::Status(status.code(), Concat("ledger: ", FromAbsl(status.message())));
  }
  return ledger;
}

}  // namespace postwatch::agent
