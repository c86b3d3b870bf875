#include "agent/uplink/spool.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>
#include <utility>

#include "common/base/ids.h"
#include "common/base/log.h"
#include "common/base/text.h"
#include "common/sqlite/database.h"
#include "common/wire/convert.h"

namespace postwatch::agent {
namespace {

constexpr size_t kMaxBatchBytes = 1 << 20;  // well under gRPC's limit of 4 MiB a message
constexpr int kTrimStep = 64;               // observations dropped at once when over the bounds
constexpr int64_t kCacheBytes = 512 << 10;
constexpr int64_t kJournalBytes = 4 << 20;

constexpr std::array<std::string_view, 1> kSchema = {
    "CREATE TABLE observation("
    " sequence INTEGER PRIMARY KEY AUTOINCREMENT,"  // never reused, even after a Forget
    " at INTEGER NOT NULL,"
    " body BLOB NOT NULL);"
    "CREATE TABLE meta(key TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;"};

// The statements of one open file, in the order in which they may be destroyed.
struct OpenFile {
  Database database;
  Statement insert, read, forget, measure, meta;

  static absl::StatusOr<std::unique_ptr<OpenFile>> Open(const std::string& path) {
    DatabaseOptions options;
    options.synchronous = SqliteSync::kNormal;
    options.cache_bytes = kCacheBytes;
    options.journal_size_limit = kJournalBytes;
    absl::StatusOr<Database> database = Database::Open(path, options);
    if (!database.ok()) return database.status();
    if (absl::Status status = Migrate(*database, kSchema); !status.ok()) return status;
    absl::StatusOr<Statement> insert =
        database->Prepare("INSERT INTO observation(at, body) VALUES(?, ?)");
    absl::StatusOr<Statement> read = database->Prepare(
        "SELECT sequence, body FROM observation WHERE sequence >= ? ORDER BY sequence LIMIT ?");
    absl::StatusOr<Statement> forget =
        database->Prepare("DELETE FROM observation WHERE sequence <= ?");
    absl::StatusOr<Statement> measure = database->Prepare(
        "SELECT count(*), coalesce(sum(length(body)), 0) FROM observation WHERE sequence <= ?");
    absl::StatusOr<Statement> meta =
        database->Prepare("INSERT OR REPLACE INTO meta(key, value) VALUES(?, ?)");
    for (const auto* statement : {&insert, &read, &forget, &measure, &meta}) {
      if (!statement->ok()) return statement->status();
    }
    return std::unique_ptr<OpenFile>(new OpenFile{*std::move(database), *std::move(insert),
                                                  *std::move(read), *std::move(forget),
                                                  *std::move(measure), *std::move(meta)});
  }

  absl::Status SetMeta(std::string_view key, std::string_view value) {
    return meta.Bind(1, key).Bind(2, value).Run();
  }
  absl::Status SetMeta(std::string_view key, int64_t value) {
    return meta.Bind(1, key).Bind(2, value).Run();
  }

  // The first column of the first row; empty when there is none.
  absl::StatusOr<std::string> Ask(std::string_view sql) {
    absl::StatusOr<Statement> query = database.Prepare(sql);
    if (!query.ok()) return query.status();
    const absl::StatusOr<bool> row = query->Step();
    if (!row.ok()) return row.status();
    return *row ? query->Text(0) : "";
  }
  absl::StatusOr<int64_t> AskNumber(std::string_view sql) {
    const absl::StatusOr<std::string> text = Ask(sql);
    if (!text.ok()) return text.status();
    return ParseInteger(*text).value_or(0);
  }
};

void Rename(const std::string& from, const std::string& to) {
  if (std::rename(from.c_str(), to.c_str()) != 0 && errno != ENOENT) {
    Log(LogLevel::kWarn, "a part of the corrupt spool cannot be set aside",
        {{"file", from}, {"error", std::strerror(errno)}});
  }
}

class SqliteSpool : public Spool {
 public:
  SqliteSpool(std::string path, SpoolOptions options, const Clock& clock)
      : path_(std::move(path)), options_(std::move(options)), clock_(clock) {}

  // Opens the file, setting aside a corrupt one at most once.
  absl::Status Start() {
    absl::Status status = Load();
    if (absl::IsDataLoss(status)) status = Replace(status);
    return status;
  }

  absl::StatusOr<uint64_t> Append(const std::vector<Observation>& observations) override {
    std::vector<std::string> bodies;
    for (const Observation& observation : observations) {
      bodies.push_back(SerializeObservation(observation));
      const absl::StatusOr<Observation> back = ParseObservation(bodies.back());
      if (!back.ok()) {
        return absl::InvalidArgumentError(
            Concat("spool: the observation of check ", observation.check_id,
                   " is out of bounds: ", FromAbsl(back.status().message())));
      }
    }
    absl::Status status = Write(bodies);
    if (absl::IsDataLoss(status)) {
      status = Replace(status);
      if (status.ok()) status = Write(bodies);
    }
    if (!status.ok()) {
      unwritten_ += bodies.size();
      return status;
    }
    return last_sequence_;
  }

  absl::StatusOr<v1::ObservationBatch> Read(uint64_t from, size_t max) override {
    absl::StatusOr<v1::ObservationBatch> batch = TryRead(from, max);
    if (absl::IsDataLoss(batch.status())) {
      if (absl::Status status = Replace(batch.status()); !status.ok()) return status;
      return v1::ObservationBatch();
    }
    return batch;
  }

  absl::Status Forget(uint64_t sequence) override { return Guard(Remove(sequence, false)); }

  absl::Status Refuse(uint64_t sequence) override { return Guard(Remove(sequence, true)); }

  absl::Status Expire() override { return Guard(Trim()); }

  absl::Status RenewId() override {
    std::string id = RandomId();
    absl::Status status = file_->SetMeta("id", id);
    if (status.ok()) id_ = std::move(id);
    return Guard(status);
  }

  const std::string& id() const override { return id_; }
  uint64_t last_sequence() const override { return last_sequence_; }
  uint64_t count() const override { return count_; }
  uint64_t bytes() const override { return bytes_; }
  uint64_t dropped() const override { return dropped_ + unwritten_; }
  absl::Time oldest() const override { return oldest_; }

 private:
  absl::Status Load() {
    absl::StatusOr<std::unique_ptr<OpenFile>> file = OpenFile::Open(path_);
    if (!file.ok()) return file.status();
    const absl::StatusOr<std::string> id = (*file)->Ask("SELECT value FROM meta WHERE key='id'");
    const absl::StatusOr<std::string> boot =
        (*file)->Ask("SELECT value FROM meta WHERE key='boot'");
    const absl::StatusOr<int64_t> dropped =
        (*file)->AskNumber("SELECT value FROM meta WHERE key='dropped'");
    const absl::StatusOr<int64_t> last =
        (*file)->AskNumber("SELECT seq FROM sqlite_sequence WHERE name='observation'");
    for (const absl::Status& status :
         {id.status(), boot.status(), dropped.status(), last.status()}) {
      if (!status.ok()) return status;
    }
    file_ = *std::move(file);
    id_ = *id;
    dropped_ = static_cast<uint64_t>(*dropped);
    last_sequence_ = static_cast<uint64_t>(*last);
    if (id_.empty() || *boot != options_.machine_boot_id) {
      if (absl::Status status = file_->SetMeta("boot", options_.machine_boot_id); !status.ok()) {
        return status;
      }
      id_ = RandomId();
      if (absl::Status status = file_->SetMeta("id", id_); !status.ok()) return status;
    }
    const absl::StatusOr<Size> all = SizeUpTo(last_sequence_);
    if (!all.ok()) return all.status();
    count_ = all->count;
    bytes_ = all->bytes;
    return FindOldest();
  }

  // Begins a new file, keeping the old one for whoever wants to look.
  absl::Status Replace(const absl::Status& why) {
    Log(LogLevel::kError, "the spool is corrupt; it is set aside and a new one is begun",
        {{"file", path_}, {"kept_as", path_ + ".corrupt"}, {"error", why.ToString()}});
    const uint64_t lost = count_;
    file_.reset();
    if (path_ != ":memory:") {
      for (const char* part : {"", "-wal", "-shm"}) {
        Rename(path_ + part, path_ + ".corrupt" + part);
      }
    }
    absl::Status status = Load();
    unwritten_ += lost;
    return status;
  }

  absl::Status Guard(const absl::Status& status) {
    return absl::IsDataLoss(status) ? Replace(status) : status;
  }

  absl::Status Write(const std::vector<std::string>& bodies) {
    if (file_ == nullptr) return absl::UnavailableError("spool: the file is not open");
    absl::StatusOr<Transaction> transaction = Transaction::Begin(file_->database);
    if (!transaction.ok()) return transaction.status();
    uint64_t added = 0;
    const absl::Time now = clock_.Now();
    for (const std::string& body : bodies) {
      added += body.size();
      if (absl::Status s = file_->insert.BindTime(1, now).BindBlob(2, body).Run(); !s.ok()) {
        return s;
      }
    }
    const auto last = static_cast<uint64_t>(file_->database.last_insert_rowid());
    if (absl::Status status = transaction->Commit(); !status.ok()) return status;
    if (bodies.empty()) return absl::OkStatus();
    last_sequence_ = last;
    if (count_ == 0) oldest_ = now;
    count_ += bodies.size();
    bytes_ += added;
    return Trim();
  }

  absl::StatusOr<v1::ObservationBatch> TryRead(uint64_t from, size_t max) {
    v1::ObservationBatch batch;
    if (file_ == nullptr) return absl::UnavailableError("spool: the file is not open");
    Statement& read = file_->read;
    read.Reset();
    read.Bind(1, static_cast<int64_t>(from)).Bind(2, static_cast<int64_t>(max));
    size_t bytes = 0;
    absl::StatusOr<bool> row = read.Step();
    for (; row.ok() && *row; row = read.Step()) {
      const auto sequence = static_cast<uint64_t>(read.Int(0));
      const auto have = static_cast<uint64_t>(batch.observations_size());
      const std::string_view body = read.View(1);
      if (have == 0) batch.set_first_sequence(sequence);
      bytes += body.size();
      if (sequence != batch.first_sequence() + have || (have > 0 && bytes > kMaxBatchBytes)) break;
      if (!batch.add_observations()->ParseFromArray(body.data(), static_cast<int>(body.size()))) {
        read.Reset();
        return absl::DataLossError(Concat("spool: observation ", sequence, " cannot be read"));
      }
    }
    read.Reset();
    if (!row.ok()) return row.status();
    return batch;
  }

  // `counted`: they were dropped, not delivered.
  absl::Status Remove(uint64_t sequence, bool counted) {
    if (file_ == nullptr) return absl::UnavailableError("spool: the file is not open");
    absl::StatusOr<Transaction> transaction = Transaction::Begin(file_->database);
    if (!transaction.ok()) return transaction.status();
    const absl::StatusOr<Size> gone = SizeUpTo(sequence);
    if (!gone.ok()) return gone.status();
    absl::Status status = file_->forget.Bind(1, static_cast<int64_t>(sequence)).Run();
    const uint64_t dropped = dropped_ + (counted ? gone->count : 0);
    if (status.ok() && counted) {
      status = file_->SetMeta("dropped", static_cast<int64_t>(dropped));
    }
    if (status.ok()) status = transaction->Commit();
    if (!status.ok()) return status;
    dropped_ = dropped;
    count_ -= gone->count;
    bytes_ -= gone->bytes;
    return FindOldest();
  }

  // Oldest first, in steps, so that a long queue is not walked for each single one.
  absl::Status Trim() {
    while (count_ > 0 && bytes_ > static_cast<uint64_t>(options_.max_bytes)) {
      const uint64_t upto = last_sequence_ - count_ + std::min<uint64_t>(kTrimStep, count_);
      if (absl::Status status = Drop(upto); !status.ok()) return status;
    }
    const absl::Time horizon = clock_.Now() - options_.max_age;
    if (oldest_ >= horizon) return absl::OkStatus();
    absl::StatusOr<int64_t> upto = file_->AskNumber(
        Concat("SELECT max(sequence) FROM observation WHERE at < ", absl::ToUnixMicros(horizon)));
    if (!upto.ok()) return upto.status();
    return Drop(static_cast<uint64_t>(*upto));
  }

  absl::Status Drop(uint64_t upto) {
    const uint64_t before = count_;
    absl::Status status = Remove(upto, true);
    if (status.ok() && count_ < before) {
      Log(LogLevel::kWarn, "the spool is over its bounds; the oldest observations are dropped",
          {{"dropped", Concat(before - count_)}, {"waiting", Concat(count_)}});
    }
    return status;
  }

  struct Size {
    uint64_t count = 0;
    uint64_t bytes = 0;
  };

  // Walks the rows it counts, so it is asked about all of them only once, when the file is opened.
  absl::StatusOr<Size> SizeUpTo(uint64_t sequence) {
    Statement& measure = file_->measure;
    measure.Reset();
    const absl::StatusOr<bool> row = measure.Bind(1, static_cast<int64_t>(sequence)).Step();
    if (!row.ok()) return row.status();
    Size size{static_cast<uint64_t>(measure.Int(0)), static_cast<uint64_t>(measure.Int(1))};
    measure.Reset();
    return size;
  }

  absl::Status FindOldest() {
    oldest_ = absl::InfiniteFuture();
    if (count_ == 0) return absl::OkStatus();
    const absl::StatusOr<int64_t> oldest =
        file_->AskNumber("SELECT at FROM observation ORDER BY sequence LIMIT 1");
    if (!oldest.ok()) return oldest.status();
    oldest_ = absl::FromUnixMicros(*oldest);
    return absl::OkStatus();
  }

  const std::string path_;
  const SpoolOptions options_;
  const Clock& clock_;
  std::unique_ptr<OpenFile> file_;
  std::string id_;
  uint64_t last_sequence_ = 0;
  uint64_t count_ = 0;
  uint64_t bytes_ = 0;
  uint64_t dropped_ = 0;    // durable
  uint64_t unwritten_ = 0;  // of this process: never reached the disk, or went with a corrupt file
  absl::Time oldest_ = absl::InfiniteFuture();
};

}  // namespace

absl::StatusOr<std::unique_ptr<Spool>> Spool::Open(const std::string& path, SpoolOptions options,
                                                   const Clock& clock) {
  auto spool = std::make_unique<SqliteSpool>(path, std::move(options), clock);
  if (absl::Status status = spool->Start(); !status.ok()) {
    return absl::Status(status.code(), Concat("spool: ", FromAbsl(status.message())));
  }
  return spool;
}

}  // namespace postwatch::agent
