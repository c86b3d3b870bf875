#include "agent/uplink/spool_file.h"

#include <algorithm>
#include <array>
#include <utility>

#include "common/base/text.h"

namespace postwatch::agent {
namespace {

constexpr int64_t kCacheBytes = 512 << 10;
constexpr int64_t kJournalBytes = 4 << 20;

constexpr std::array<std::string_view, 1> kSchema = {
    "CREATE TABLE observation("
    " sequence INTEGER PRIMARY KEY AUTOINCREMENT,"  // never reused, even after a Forget
    " at INTEGER NOT NULL,"
    " body BLOB NOT NULL);"
    "CREATE TABLE meta(key TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;"};

}  // namespace

absl::StatusOr<std::unique_ptr<SpoolFile>> SpoolFile::Open(const std::string& path) {
  DatabaseOptions options;
  options.synchronous = SqliteSync::kNormal;
  options.cache_bytes = kCacheBytes;
  options.journal_size_limit = kJournalBytes;
  absl::StatusOr<Database> database = Database::Open(path, options);
  if (!database.ok()) return database.status();
  if (absl::Status status = Migrate(*database, kSchema); !status.ok()) return status;
  absl::StatusOr<Statement> insert =
      database->Prepare("INSERT INTO observation(sequence, at, body) VALUES(?, ?, ?)");
  absl::StatusOr<Statement> read = database->Prepare(
      "SELECT sequence, body FROM observation WHERE sequence >= ? ORDER BY sequence LIMIT ?");
  absl::StatusOr<Statement> forget =
      database->Prepare("DELETE FROM observation WHERE sequence <= ?");
  absl::StatusOr<Statement> measure = database->Prepare(
      "SELECT count(*), coalesce(sum(length(body)), 0) FROM observation"
      " WHERE sequence > ? AND sequence <= ?");
  absl::StatusOr<Statement> meta =
      database->Prepare("INSERT OR REPLACE INTO meta(key, value) VALUES(?, ?)");
  for (const auto* statement : {&insert, &read, &forget, &measure, &meta}) {
    if (!statement->ok()) return statement->status();
  }
  return std::unique_ptr<SpoolFile>(new SpoolFile(*std::move(database), *std::move(insert),
                                                  *std::move(read), *std::move(forget),
                                                  *std::move(measure), *std::move(meta)));
}

// The first column of the first row; empty when there is none.
absl::StatusOr<std::string> SpoolFile::Ask(std::string_view sql) {
  absl::StatusOr<Statement> query = database_.Prepare(sql);
  if (!query.ok()) return query.status();
  const absl::StatusOr<bool> row = query->Step();
  if (!row.ok()) return row.status();
  return *row ? query->Text(0) : "";
}

absl::StatusOr<int64_t> SpoolFile::AskNumber(std::string_view sql) {
  const absl::StatusOr<std::string> text = Ask(sql);
  if (!text.ok()) return text.status();
  return ParseInteger(*text).value_or(0);
}

absl::StatusOr<SpoolLabel> SpoolFile::ReadLabel() {
  const absl::StatusOr<std::string> id = Ask("SELECT value FROM meta WHERE key='id'");
  const absl::StatusOr<std::string> boot = Ask("SELECT value FROM meta WHERE key='boot'");
  const absl::StatusOr<int64_t> dropped = AskNumber("SELECT value FROM meta WHERE key='dropped'");
  const absl::StatusOr<int64_t> told = AskNumber("SELECT value FROM meta WHERE key='last'");
  const absl::StatusOr<int64_t> last =
      AskNumber("SELECT seq FROM sqlite_sequence WHERE name='observation'");
  for (const absl::Status& status :
       {id.status(), boot.status(), dropped.status(), told.status(), last.status()}) {
    if (!status.ok()) return status;
  }
  return SpoolLabel{*id, *boot, static_cast<uint64_t>(*dropped),
                    static_cast<uint64_t>(std::max(*told, *last))};
}

absl::Status SpoolFile::WriteLabel(const SpoolLabel& label) {
  absl::Status status = meta_.Bind(1, "id").Bind(2, label.id).Run();
  if (status.ok()) status = meta_.Bind(1, "boot").Bind(2, label.boot).Run();
  for (const auto& [key, value] :
       {std::pair("dropped", label.dropped), std::pair("last", label.last)}) {
    if (status.ok()) status = meta_.Bind(1, key).Bind(2, static_cast<int64_t>(value)).Run();
  }
  return status;
}

absl::Status SpoolFile::Commit(const std::deque<SpoolRow>& rows, uint64_t forget_through,
                               const SpoolLabel* label) {
  absl::StatusOr<Transaction> transaction = Transaction::Begin(database_);
  if (!transaction.ok()) return transaction.status();
  absl::Status status;
  if (forget_through > 0) status = forget_.Bind(1, static_cast<int64_t>(forget_through)).Run();
  for (const SpoolRow& row : rows) {
    if (!status.ok()) return status;
    insert_.Bind(1, static_cast<int64_t>(row.sequence)).BindTime(2, row.at).BindBlob(3, row.body);
    status = insert_.Run();
  }
  if (status.ok() && label != nullptr) status = WriteLabel(*label);
  return status.ok() ? transaction->Commit() : status;
}

absl::StatusOr<v1::ObservationBatch> SpoolFile::Read(uint64_t from, size_t max) {
  v1::ObservationBatch batch;
  read_.Reset();
  read_.Bind(1, static_cast<int64_t>(from)).Bind(2, static_cast<int64_t>(max));
  size_t bytes = 0;
  absl::StatusOr<bool> row = read_.Step();
  for (; row.ok() && *row; row = read_.Step()) {
    const auto sequence = static_cast<uint64_t>(read_.Int(0));
    const auto have = static_cast<uint64_t>(batch.observations_size());
    const std::string_view body = read_.View(1);
    if (have == 0) batch.set_first_sequence(sequence);
    bytes += body.size();
    if (sequence != batch.first_sequence() + have || (have > 0 && bytes > kMaxSpoolBatchBytes))
      break;
    if (!batch.add_observations()->ParseFromArray(body.data(), static_cast<int>(body.size()))) {
      read_.Reset();
      return absl::DataLossError(Concat("spool: observation ", sequence, " cannot be read"));
    }
  }
  read_.Reset();
  if (!row.ok()) return row.status();
  return batch;
}

absl::StatusOr<SpoolSize> SpoolFile::Measure(uint64_t after, uint64_t through) {
  measure_.Reset();
  measure_.Bind(1, static_cast<int64_t>(after)).Bind(2, static_cast<int64_t>(through));
  const absl::StatusOr<bool> row = measure_.Step();
  if (!row.ok()) return row.status();
  SpoolSize size{static_cast<uint64_t>(measure_.Int(0)), static_cast<uint64_t>(measure_.Int(1))};
  measure_.Reset();
  return size;
}

absl::StatusOr<absl::Time> SpoolFile::Oldest(uint64_t after) {
  const absl::StatusOr<std::string> oldest = Ask(
      Concat("SELECT at FROM observation WHERE sequence > ", after, " ORDER BY sequence LIMIT 1"));
  if (!oldest.ok()) return oldest.status();
  if (oldest->empty()) return absl::InfiniteFuture();
  return absl::FromUnixMicros(ParseInteger(*oldest).value_or(0));
}

absl::StatusOr<uint64_t> SpoolFile::LastOf(uint64_t after, int count) {
  const absl::StatusOr<int64_t> last = AskNumber(
      Concat("SELECT max(sequence) FROM (SELECT sequence FROM observation WHERE sequence > ", after,
             " ORDER BY sequence LIMIT ", count, ")"));
  if (!last.ok()) return last.status();
  return static_cast<uint64_t>(*last);
}

absl::StatusOr<uint64_t> SpoolFile::LastBefore(uint64_t after, absl::Time horizon) {
  const absl::StatusOr<int64_t> last =
      AskNumber(Concat("SELECT max(sequence) FROM observation WHERE sequence > ", after,
                       " AND at < ", absl::ToUnixMicros(horizon)));
  if (!last.ok()) return last.status();
  return static_cast<uint64_t>(*last);
}

}  // namespace postwatch::agent
