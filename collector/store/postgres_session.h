// PostgresSession: a connection to PostgreSQL that comes back after it was lost, and the one way to
// write over it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "collector/store/lease.h"
#include "common/base/clock.h"
#include "common/postgres/connection.h"

namespace postwatch::collector {

class PostgresSession {
 public:
  using Work = absl::FunctionRef<absl::Status(PostgresConnection&)>;

  // `purpose` is shown by pg_stat_activity beside an id of this session's own. `fence`: what writes
  // are checked against. Without one the session is for the only writer there is, and refuses to
  // connect with FailedPrecondition while another such session is there.
  PostgresSession(PostgresOptions options, std::string_view purpose, std::shared_ptr<Fence> fence);

  // Connects if it is not connected.
  absl::Status Connect();

  // Runs `work` connected; once more on a new connection when that one was lost meanwhile. What the
  // first try sent has then been committed or has failed: its process on the server is ended.
  absl::Status Run(Work work);

  // `work` in one transaction that the fence lets through. As it may be run twice, and both may be
  // committed, two runs must have the effect of one.
  absl::Status Write(Work work);
  // One statement, the same way.
  absl::Status WriteOne(const std::string& sql, const PostgresParameters& parameters);
  // What such a transaction ends with (see PostgresTransaction::Commit); Aborted when the fence
  // holds no epoch.
  absl::StatusOr<std::string> LastWords() const;

  // Grows with each connection: what was known of the database by the one before may have changed.
  uint64_t connections() const { return connections_; }

 private:
  absl::Status EndPredecessors(PostgresConnection& connection);
  absl::Status ClaimAlone(PostgresConnection& connection);

  PostgresOptions options_;
  const std::shared_ptr<Fence> fence_;
  const SystemClock clock_;
  std::optional<PostgresConnection> connection_;
  uint64_t connections_ = 0;
  absl::Status last_failure_;  // of connecting
  absl::Duration failed_at_ = -absl::InfiniteDuration();
};

}  // namespace postwatch::collector
