#include "collector/store/postgres_lease.h"

#include <algorithm>

#include "collector/store/postgres_session.h"
#include "common/base/text.h"

namespace postwatch::collector {
namespace {

// A holder whose server does not answer must find out while there is still time to stop.
constexpr absl::Duration kLongestAnswer = absl::Seconds(2);

// A holder's name is its process's own: when it is in the row, nobody else has held it since. So an
// answer that was lost on its way costs nothing, and its epoch stays.
constexpr const char* kAcquire =
    "UPDATE lease SET epoch = CASE WHEN holder = $1 THEN epoch ELSE epoch + 1 END, holder = $1, "
    "expires_at = clock_timestamp() + $2 * interval '1 millisecond' "
    "WHERE holder = $1 OR expires_at <= clock_timestamp() RETURNING epoch";
constexpr const char* kRenew =
    "UPDATE lease SET expires_at = clock_timestamp() + $2 * interval '1 millisecond' "
    "WHERE holder = $1 AND epoch = $3 RETURNING epoch";
constexpr const char* kRelease =
    "UPDATE lease SET holder = '', expires_at = 'epoch' WHERE holder = $1 AND epoch = $2";
constexpr const char* kLook =
    "SELECT epoch, holder, "
    "(extract(epoch FROM expires_at - clock_timestamp()) * 1000)::bigint FROM lease";

PostgresOptions Hasty(PostgresOptions database) {
  database.connect_timeout = std::min(database.connect_timeout, kLongestAnswer);
  database.statement_timeout = std::min(database.statement_timeout, kLongestAnswer);
  database.lock_timeout = std::min(database.lock_timeout, kLongestAnswer);
  database.patience = std::min(database.patience, kLongestAnswer / 2);
  return database;
}

class PostgresLease : public Lease {
 public:
  PostgresLease(PostgresOptions database, LeaseOptions options, const Clock& clock,
                std::shared_ptr<Fence> fence)
      : options_(std::move(options)),
        clock_(clock),
        fence_(std::move(fence)),
        session_(Hasty(std::move(database)), "lease", fence_) {}

  absl::StatusOr<LeaseState> Acquire() override {
    PostgresParameters claim;
    claim.AddText(options_.holder).AddInt(absl::ToInt64Milliseconds(options_.term));
    absl::StatusOr<LeaseState> state = Ask(kAcquire, claim);
    if (state.ok() && state->ours) {
      fence_->Hold(state->epoch);
    } else if (state.ok()) {
      fence_->Drop();
    }
    return state;
  }

  absl::StatusOr<LeaseState> Renew() override {
    const uint64_t epoch = fence_->epoch();
    PostgresParameters claim;
    claim.AddText(options_.holder).AddInt(absl::ToInt64Milliseconds(options_.term));
    claim.AddInt(static_cast<int64_t>(epoch));
    absl::StatusOr<LeaseState> state = Ask(kRenew, claim);
    if (!state.ok() || state->ours) return state;
    fence_->Drop();
    return absl::AbortedError(Concat("renew the lease of epoch ", epoch,
                                     ": it is no longer ours; \"", state->holder,
                                     "\" had it last, in epoch ", state->epoch));
  }

  absl::Status Release() override {
    const uint64_t epoch = fence_->epoch();
    fence_->Drop();
    if (epoch == 0) return absl::OkStatus();
    PostgresParameters ours;
    ours.AddText(options_.holder).AddInt(static_cast<int64_t>(epoch));
    return session_.Run([&ours](PostgresConnection& connection) {
      return connection.Run(kRelease, ours).status();
    });
  }

 private:
  // Claims it by `sql`, which answers with the epoch if it succeeds; or says whose it is.
  absl::StatusOr<LeaseState> Ask(const char* sql, const PostgresParameters& claim) {
    LeaseState state;
    const absl::Status asked = session_.Run([&](PostgresConnection& connection) {
      state = LeaseState();
      const absl::Duration before = clock_.Steady();
      const auto claimed = [&](const PostgresRow& row) {
        state = {true, static_cast<uint64_t>(row.Int(0)), options_.holder, before + options_.term};
        return absl::OkStatus();
      };
      absl::Status answered = connection.Query(sql, claim, claimed);
      if (!answered.ok() || state.ours) return answered;
      return connection.Query(kLook, {}, [&state](const PostgresRow& row) {
        state = {false, static_cast<uint64_t>(row.Int(0)), row.Text(1),
                 absl::Milliseconds(std::max<int64_t>(row.Int(2), 0))};
        return absl::OkStatus();
      });
    });
    if (!asked.ok()) return asked;
    return state;
  }

  const LeaseOptions options_;
  const Clock& clock_;
  const std::shared_ptr<Fence> fence_;
  PostgresSession session_;
};

}  // namespace

std::unique_ptr<Lease> MakePostgresLease(PostgresOptions database, LeaseOptions options,
                                         const Clock& clock, std::shared_ptr<Fence> fence) {
  return std::make_unique<PostgresLease>(std::move(database), std::move(options), clock,
                                         std::move(fence));
}

}  // namespace postwatch::collector
