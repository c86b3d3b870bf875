#include "agent/uplink/spool.h"

#include <algorithm>
#include <deque>
#include <utility>

#include "agent/uplink/spool_file.h"
#include "common/base/ids.h"
#include "common/base/log.h"
#include "common/base/log_budget.h"
#include "common/base/text.h"
#include "common/sqlite/set_aside.h"
#include "common/wire/convert.h"

namespace postwatch::agent {
namespace {

constexpr int kTrimStep = 64;  // observations dropped at once when over the bounds
constexpr int kLossLinesAMinute = 1;

// Three parts, in order of their numbers: what is done with (up to done_, still in the file while
// it cannot be written), what waits in the file, and what is held in memory.
class SqliteSpool : public Spool {
 public:
  SqliteSpool(std::string path, SpoolOptions options, const Clock& clock)
      : path_(std::move(path)), options_(std::move(options)), clock_(clock) {}

  // Opens the file, setting aside a corrupt one at most once.
  absl::Status Start() {
    absl::Status status = Load();
    return absl::IsDataLoss(status) ? Replace(status) : status;
  }

  absl::StatusOr<uint64_t> Append(const std::vector<Observation>& observations) override {
    std::deque<SpoolRow> rows;
    for (const Observation& observation : observations) {
      rows.push_back({last_ + rows.size() + 1, clock_.Now(), SerializeObservation(observation)});
      const absl::StatusOr<Observation> back = ParseObservation(rows.back().body);
      if (!back.ok()) {
        return absl::InvalidArgumentError(
            Concat("spool: the observation of check ", observation.check_id,
                   " is out of bounds: ", FromAbsl(back.status().message())));
      }
    }
    if (rows.empty()) return last_;
    if (!disk_.ok() || !Write(rows)) Hold(std::move(rows));
    Note(Trim());
    return last_;
  }

  absl::StatusOr<v1::ObservationBatch> Read(uint64_t from, size_t max) override {
    if (file_ != nullptr && count_ > 0) {
      absl::StatusOr<v1::ObservationBatch> batch = file_->Read(std::max(from, done_ + 1), max);
      if (absl::IsDataLoss(batch.status())) {
        Note(batch.status());
      } else if (!batch.ok() || batch->observations_size() > 0) {
        return batch;
      }
    }
    return ReadHeld(from, max);
  }

  absl::Status Forget(uint64_t sequence) override { return Guard(Remove(sequence, false)); }

  absl::Status Refuse(uint64_t sequence) override { return Guard(Remove(sequence, true)); }

  absl::Status Expire() override {
    if (!disk_.ok()) Note(CatchUp());
    ReportLosses();
    return Guard(Trim());
  }

  absl::Status RenewId() override {
    id_ = RandomId();
    return Guard(Put({}, 0, true));
  }

  const std::string& id() const override { return id_; }
  uint64_t last_sequence() const override { return last_; }
  uint64_t count() const override { return count_ + held_.size(); }
  uint64_t bytes() const override { return bytes_ + held_bytes_; }
  uint64_t dropped() const override { return dropped_ + lost_; }
  absl::Time oldest() const override {
    return oldest_ == absl::InfiniteFuture() && !held_.empty() ? held_.front().at : oldest_;
  }
  const absl::Status& disk() const override { return disk_; }
  uint64_t held() const override { return held_.size(); }
  uint64_t lost() const override { return lost_; }

 private:
  SpoolLabel Label() const { return {id_, options_.machine_boot_id, dropped_, last_}; }

  absl::Status Load() {
    absl::StatusOr<std::unique_ptr<SpoolFile>> file = SpoolFile::Open(path_);
    if (!file.ok()) return file.status();
    const absl::StatusOr<SpoolLabel> label = (*file)->ReadLabel();
    if (!label.ok()) return label.status();
    const absl::StatusOr<SpoolSize> all = (*file)->Measure(0, label->last);
    if (!all.ok()) return all.status();
    file_ = *std::move(file);
    dropped_ = label->dropped;
    last_ = std::max(label->last, held_.empty() ? 0 : held_.back().sequence);
    done_ = 0;
    count_ = all->count;
    bytes_ = all->bytes;
    id_ = label->id;
    if (id_.empty() || label->boot != options_.machine_boot_id) {
      id_ = RandomId();
      const absl::Status written = Put({}, 0, true);
      if (absl::IsDataLoss(written)) return written;
    }
    return FindOldest();
  }

  // Begins a new file, keeping the old one for whoever wants to look.
  absl::Status Replace(const absl::Status& why) {
    lost_ += std::exchange(count_, 0);
    bytes_ = 0;
    oldest_ = absl::InfiniteFuture();
    file_.reset();
    absl::Status status = SetAsideCorrupt(path_, "spool", why);
    return status.ok() ? Load() : status;
  }

  absl::Status Guard(const absl::Status& status) {
    if (!absl::IsDataLoss(status)) return status;
    Note(status);
    return absl::OkStatus();
  }

  // What went wrong is dealt with here: a corrupt file is replaced, a full disk remembered.
  void Note(const absl::Status& status) {
    const absl::Status after = absl::IsDataLoss(status) ? Replace(status) : status;
    if (!after.ok()) DiskFails(after);
  }

  void DiskFails(const absl::Status& why) {
    if (disk_.ok()) {
      Log(LogLevel::kError,
          "the spool cannot be written; what is seen is held in memory and sent from there",
          {{"file", path_}, {"error", why.ToString()}});
    }
    disk_ = why;
  }

  // One transaction; when it fails, nothing in the file has changed and the disk is remembered as
  // failing. DataLoss alone is answered.
  absl::Status Put(const std::deque<SpoolRow>& rows, uint64_t forget_through, bool with_label) {
    if (file_ == nullptr) return absl::OkStatus();  // known already
    const SpoolLabel label = Label();
    absl::Status status = file_->Commit(rows, forget_through, with_label ? &label : nullptr);
    if (status.ok() || absl::IsDataLoss(status)) return status;
    DiskFails(status);
    return absl::OkStatus();
  }

  // Whether they are in the file; if not, the disk is remembered as failing.
  bool Write(const std::deque<SpoolRow>& rows) {
    absl::Status status = file_->Commit(rows, 0, nullptr);
    if (absl::IsDataLoss(status)) {
      status = Replace(status);
      if (status.ok()) status = disk_.ok() ? file_->Commit(rows, 0, nullptr) : disk_;
    }
    if (!status.ok()) {
      DiskFails(status);
      return false;
    }
    Adopt(rows);
    return true;
  }

  // They are in the file now.
  void Adopt(const std::deque<SpoolRow>& rows) {
    for (const SpoolRow& row : rows) {
      if (count_++ == 0) oldest_ = row.at;
      bytes_ += row.body.size();
      last_ = std::max(last_, row.sequence);
    }
  }

  void Hold(std::deque<SpoolRow> rows) {
    for (SpoolRow& row : rows) {
      last_ = std::max(last_, row.sequence);
      held_bytes_ += row.body.size();
      held_.push_back(std::move(row));
    }
    while (held_bytes_ > static_cast<uint64_t>(options_.max_held_bytes)) {
      DropHeld();
      ++lost_;
    }
    ReportLosses();
  }

  void DropHeld() {
    held_bytes_ -= held_.front().body.size();
    held_.pop_front();
  }

  // Brings the file to where memory is.
  absl::Status CatchUp() {
    if (file_ == nullptr) {
      if (absl::Status status = Load(); !status.ok()) return status;
    }
    const SpoolLabel label = Label();
    if (absl::Status s = file_->Commit(held_, done_, &label); !s.ok()) return s;
    Log(LogLevel::kInfo, "the spool can be written again",
        {{"file", path_}, {"written", Concat(held_.size())}, {"lost", Concat(lost_)}});
    disk_ = absl::OkStatus();
    Adopt(std::exchange(held_, {}));
    held_bytes_ = 0;
    return absl::OkStatus();
  }

  void ReportLosses() {
    if (lost_ == reported_ || !loss_lines_.Take(clock_.Steady()).has_value()) return;
    Log(LogLevel::kError, "observations are lost: the spool could not be kept on the disk",
        {{"file", path_},
         {"lost", Concat(lost_ - std::exchange(reported_, lost_))},
         {"held", Concat(held_.size())},
         {"disk", disk_.ok() ? "ok" : disk_.ToString()}});
  }

  absl::StatusOr<v1::ObservationBatch> ReadHeld(uint64_t from, size_t max) {
    v1::ObservationBatch batch;
    size_t bytes = 0;
    for (const SpoolRow& row : held_) {
      if (row.sequence < from) continue;
      bytes += row.body.size();
      const auto have = static_cast<size_t>(batch.observations_size());
      if (have == 0) batch.set_first_sequence(row.sequence);
      if (have == max || row.sequence != batch.first_sequence() + have) break;
      if (have > 0 && bytes > kMaxSpoolBatchBytes) break;
      if (!batch.add_observations()->ParseFromString(row.body)) {
        return absl::InternalError(Concat("spool: observation ", row.sequence, " in memory"));
      }
    }
    return batch;
  }

  // `counted`: they were dropped, not delivered.
  absl::Status Remove(uint64_t sequence, bool counted) {
    uint64_t gone = 0;
    for (; !held_.empty() && held_.front().sequence <= sequence; ++gone) DropHeld();
    if (file_ != nullptr && count_ > 0 && sequence > done_) {
      const absl::StatusOr<SpoolSize> size = file_->Measure(done_, sequence);
      if (!size.ok()) return size.status();
      count_ -= size->count;
      bytes_ -= size->bytes;
      gone += size->count;
      done_ = std::min(sequence, last_);
    }
    if (counted) dropped_ += gone;
    if (gone == 0) return absl::OkStatus();
    if (disk_.ok()) {
      if (absl::Status s = Put({}, done_, counted); !s.ok()) return s;
    }
    return FindOldest();
  }

  // Oldest first, in steps, so that a long queue is not walked for each single one.
  absl::Status Trim() {
    const absl::Time horizon = clock_.Now() - options_.max_age;
    while (!held_.empty() && held_.front().at < horizon) {
      DropHeld();
      ++lost_;
    }
    while (count_ > 0 && bytes_ > static_cast<uint64_t>(options_.max_bytes)) {
      const absl::StatusOr<uint64_t> upto = file_->LastOf(done_, kTrimStep);
      if (!upto.ok()) return upto.status();
      if (absl::Status status = Drop(*upto); !status.ok()) return status;
    }
    if (oldest_ >= horizon) return absl::OkStatus();
    const absl::StatusOr<uint64_t> upto = file_->LastBefore(done_, horizon);
    if (!upto.ok()) return upto.status();
    return Drop(*upto);
  }

  absl::Status Drop(uint64_t upto) {
    const uint64_t before = count_;
    absl::Status status = Remove(upto, true);
    if (status.ok() && count_ < before) {
      Log(LogLevel::kWarn, "the spool is over its bounds; the oldest observations are dropped",
          {{"dropped", Concat(before - count_)}, {"waiting", Concat(count())}});
    }
    return status;
  }

  absl::Status FindOldest() {
    oldest_ = absl::InfiniteFuture();
    if (count_ == 0) return absl::OkStatus();
    const absl::StatusOr<absl::Time> oldest = file_->Oldest(done_);
    if (!oldest.ok()) return oldest.status();
    oldest_ = *oldest;
    return absl::OkStatus();
  }

  const std::string path_;
  const SpoolOptions options_;
  const Clock& clock_;
  std::unique_ptr<SpoolFile> file_;  // null while a corrupt one cannot be replaced
  std::string id_;
  uint64_t last_ = 0;                           // the highest sequence number given out
  uint64_t done_ = 0;                           // up to here the file's rows no longer count
  uint64_t count_ = 0;                          // waiting in the file
  uint64_t bytes_ = 0;                          // of these
  uint64_t dropped_ = 0;                        // durable, once the label is written
  absl::Time oldest_ = absl::InfiniteFuture();  // of those in the file

  absl::Status disk_;
  std::deque<SpoolRow> held_;  // empty while disk_ is OK
  uint64_t held_bytes_ = 0;
  uint64_t lost_ = 0;
  uint64_t reported_ = 0;  // of lost_, in the log
  LogBudget loss_lines_{kLossLinesAMinute};
};

}  // namespace

absl::StatusOr<std::unique_ptr<Spool>> Spool::Open(const std::string& path, SpoolOptions options,
                                                   const Clock& clock) {
  auto spool = std::make_unique<SqliteSpool>(path, std::move(options), clock);
  if (absl::Status status = spool->Start(); !status.ok()) {
    const std::string_view advice =
        absl::IsResourceExhausted(status) ? "; make room on that disk" : "";
    return absl::Status(status.code(), Concat("spool: ", FromAbsl(status.message()), advice));
  }
  return spool;
}

}  // namespace postwatch::agent
