// PrunePostgres: forgetting in PostgreSQL: whole days at once, the rest in bounded steps.
#pragma once

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "collector/store/postgres_session.h"

namespace postwatch::collector {

// As Store::Prune. A day whose table somebody reads just now (a backup) is forgotten another time.
absl::StatusOr<bool> PrunePostgres(PostgresSession& session, absl::Time before);

}  // namespace postwatch::collector
