// PrunePostgres: counting and forgetting in PostgreSQL: whole days at once, the rest in bounded
// steps.
#pragma once

#include "absl/status/statusor.h"
#include "collector/store/postgres_session.h"
#include "collector/store/store.h"

namespace postwatch::collector {

// As Store::Prune. A day whose table somebody reads just now (a backup) is forgotten another time.
absl::StatusOr<bool> PrunePostgres(PostgresSession& session, const Horizon& before);

}  // namespace postwatch::collector
