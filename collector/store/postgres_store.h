// PostgresStore: the collector's memory in a PostgreSQL database.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "collector/store/lease.h"
#include "collector/store/store.h"
#include "common/postgres/connection.h"

namespace postwatch::collector {

// Connects and brings the schema up to date. What is acknowledged has been committed, as durable as
// the server makes a commit (synchronous_commit, which is on if nobody changed it). A server that
// has gone is come back to: until then everything is Unavailable, after bounded waits.
//
// With a fence, writes are Aborted while it holds no epoch, or one that the database has left
// behind (see Lease); reads are not. Without one this is the only collector: FailedPrecondition
// while another one has the database open that way.
//
// Text that is not UTF-8 has '?' for each bad byte. Errors are those of PostgresConnection.
absl::StatusOr<std::unique_ptr<Store>> OpenPostgresStore(const PostgresOptions& database,
                                                         std::shared_ptr<Fence> fence);

}  // namespace postwatch::collector
