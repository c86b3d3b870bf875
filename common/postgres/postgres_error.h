// PostgresError: from PostgreSQL's codes to ours.
#pragma once

#include <string_view>

#include "absl/status/status.h"

namespace postwatch {

// What a program of ours raises in a statement of its own to say that it may not write any more:
// becomes Aborted, which nothing else does.
inline constexpr std::string_view kRefusedState = "PW001";

// The code for a five-letter SQLSTATE (PostgreSQL's appendix A). Unavailable: the server or the
// connection has gone, is starting, or takes no writes (a standby); or a lock was not to be had.
// DeadlineExceeded: statement_timeout. ResourceExhausted: disk full, memory, too many connections.
// DataLoss: corrupt. PermissionDenied: refused log-in or missing right. NotFound: no such database.
// AlreadyExists: a unique key. InvalidArgument: any other constraint, or a value that does not fit.
// Internal: anything else, including bad SQL.
absl::StatusCode PostgresCode(std::string_view sqlstate);

// "PostgreSQL: what: words (SQLSTATE ...)", the words on one line. An empty state: the connection
// itself failed, which is Unavailable.
absl::Status PostgresError(std::string_view sqlstate, std::string_view what,
                           std::string_view words);

}  // namespace postwatch
