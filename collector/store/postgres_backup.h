// PostgresBackup: PostgreSQL is copied by its own programs; these say how.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace postwatch::collector {

// Unimplemented, with the command that does it; `uri` holds no password (CheckPostgresUri).
absl::Status BackUpPostgres(std::string_view uri, const std::string& file);
absl::Status RestorePostgres(std::string_view uri, const std::string& file);

}  // namespace postwatch::collector
