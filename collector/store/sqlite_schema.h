// SqliteSchema: the collector's tables, as numbered migrations.
#pragma once

#include <string_view>

#include "absl/types/span.h"

namespace postwatch::collector {

// For Migrate (common/sqlite/database.h). Append only: a script that has been released never
// changes.
absl::Span<const std::string_view> SqliteSchema();

}  // namespace postwatch::collector
