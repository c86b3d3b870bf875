// PostgresUri: where a PostgreSQL database is, and under which name to go there.
#pragma once

#include <string_view>

#include "absl/status/status.h"

namespace postwatch {

// InvalidArgument unless it is a connection URI as libpq reads it
// (postgresql://USER@HOST[:PORT][,HOST...]/DATABASE[?KEY=VALUE&...]) that holds no password: URIs
// are logged and shown. The text never repeats any of it.
absl::Status CheckPostgresUri(std::string_view uri);

}  // namespace postwatch
