// PostgresLease: the lease of a store in PostgreSQL, by the server's clock.
#pragma once

#include <memory>

#include "collector/store/lease.h"
#include "common/base/clock.h"
#include "common/postgres/connection.h"

namespace postwatch::collector {

// On a connection of its own, so that no write of the store delays it; made when first asked. The
// store must have been opened before (its schema has the lease's table). `clock` must outlive it.
std::unique_ptr<Lease> MakePostgresLease(PostgresOptions database, LeaseOptions options,
                                         const Clock& clock, std::shared_ptr<Fence> fence);

}  // namespace postwatch::collector
