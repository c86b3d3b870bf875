#include "collector/store/postgres_session.h"

#include "common/base/ids.h"
#include "common/base/log.h"
#include "common/base/text.h"

namespace postwatch::collector {
namespace {

// A server that could not be reached is not asked again for so long: work that waits behind this
// one is to fail soon, not one timeout after the other.
constexpr absl::Duration kConnectPause = absl::Seconds(1);
// Of our sessions that want to be alone: "postwatc" in ASCII, and one.
constexpr int64_t kAloneLock = 0x706f737477617463 + 1;
constexpr int kClaimMillis = 2000;
constexpr std::string_view kLockNotAvailable = "55P03";
constexpr size_t kMaxApplication = 63;
// How long a process of the server may take to end.
constexpr int kEndMillis = 2000;

}  // namespace

PostgresSession::PostgresSession(PostgresOptions options, std::string_view purpose,
                                 std::shared_ptr<Fence> fence)
    : options_(std::move(options)), fence_(std::move(fence)) {
  options_.application = Truncate(Concat("postwatch ", RandomId(), " ", purpose), kMaxApplication);
}

absl::Status PostgresSession::Connect() {
  if (connection_.has_value() && !connection_->lost()) return absl::OkStatus();
  connection_.reset();
  if (clock_.Steady() - failed_at_ < kConnectPause) return last_failure_;
  absl::StatusOr<PostgresConnection> connection = PostgresConnection::Open(options_);
  absl::Status ready = connection.status();
  if (ready.ok() && connections_ > 0) ready = EndPredecessors(*connection);
  if (ready.ok() && fence_ == nullptr) ready = ClaimAlone(*connection);
  if (!ready.ok()) {
    last_failure_ = ready;
    failed_at_ = clock_.Steady();
    return ready;
  }
  if (++connections_ > 1) Log(LogLevel::kInfo, "connected to PostgreSQL again");
  connection_ = *std::move(connection);
  return absl::OkStatus();
}

// A process of the server does not notice at once that its client has gone. Ours must have ended
// before we go on: what it may still commit, and the locks it holds, would be in our way.
absl::Status PostgresSession::EndPredecessors(PostgresConnection& connection) {
  PostgresParameters ours;
  ours.AddText(options_.application).AddInt(kEndMillis);
  bool ended = true;
  const absl::Status asked = connection.Query(
      "SELECT pg_terminate_backend(pid, $2) FROM pg_stat_activity "
      "WHERE application_name = $1 AND pid <> pg_backend_pid()",
      ours, [&ended](const PostgresRow& row) {
        ended = ended && row.Int(0) != 0;
        return absl::OkStatus();
      });
  if (!asked.ok() || ended) return asked;
  return absl::UnavailableError(
      "PostgreSQL: an earlier session of ours is still at work on the server");
}

// Waits a little for a predecessor that was killed: the server notices a moment later.
absl::Status PostgresSession::ClaimAlone(PostgresConnection& connection) {
  const absl::Status claimed =
      connection
          .Execute(Concat("BEGIN; SET LOCAL lock_timeout = ", kClaimMillis,
                          "; SELECT pg_advisory_lock(", kAloneLock, "); COMMIT"))
          .status();
  if (claimed.ok() || connection.sqlstate() != kLockNotAvailable) return claimed;
  return absl::FailedPreconditionError(
      "PostgreSQL: another collector has this database open; stop it first, or give this one a "
      "database of its own");
}

absl::Status PostgresSession::Run(Work work) {
  absl::Status status = Connect();
  if (!status.ok()) return status;
  status = work(*connection_);
  if (status.ok() || !connection_->lost()) return status;
  Log(LogLevel::kWarn, "the connection to PostgreSQL was lost",
      {{"error", std::string(FromAbsl(status.message()))}});
  if (absl::Status again = Connect(); !again.ok()) return again;
  return work(*connection_);
}

absl::StatusOr<std::string> PostgresSession::LastWords() const {
  if (fence_ == nullptr) return "";
  const uint64_t epoch = fence_->epoch();
  if (epoch == 0) {
    return absl::AbortedError("write to the store: this collector does not hold the lease");
  }
  return Concat("SELECT check_lease(", static_cast<int64_t>(epoch), "); ");
}

absl::Status PostgresSession::Write(Work work) {
  const absl::StatusOr<std::string> last = LastWords();
  if (!last.ok()) return last.status();
  return Run([&](PostgresConnection& connection) -> absl::Status {
    absl::StatusOr<PostgresTransaction> transaction = PostgresTransaction::Begin(connection);
    if (!transaction.ok()) return transaction.status();
    if (absl::Status done = work(connection); !done.ok()) return done;
    return transaction->Commit(*last);
  });
}

absl::Status PostgresSession::WriteOne(const std::string& sql,
                                       const PostgresParameters& parameters) {
  return Write(
      [&](PostgresConnection& connection) { return connection.Run(sql, parameters).status(); });
}

}  // namespace postwatch::collector
