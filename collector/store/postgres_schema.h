// PostgresSchema: the collector's tables in PostgreSQL, as numbered migrations.
#pragma once

#include <string_view>

#include "absl/types/span.h"

namespace postwatch::collector {

// For Migrate (common/postgres/connection.h). Append only: a script that has been released never
// changes.
absl::Span<const std::string_view> PostgresSchema();

}  // namespace postwatch::collector
