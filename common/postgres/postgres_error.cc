#include "common/postgres/postgres_error.h"

#include <algorithm>
#include <string>

#include "common/base/text.h"

namespace postwatch {
namespace {

constexpr size_t kMaxWords = 600;

struct Meaning {
  std::string_view state;  // the whole of it, or a class: its first two letters
  absl::StatusCode code;
};

// The first that fits counts.
constexpr Meaning kMeanings[] = {
    {kRefusedState, absl::StatusCode::kAborted},
    {"08", absl::StatusCode::kUnavailable},          // connection
    {"25006", absl::StatusCode::kUnavailable},       // read only: a standby
    {"25P03", absl::StatusCode::kUnavailable},       // idle in a transaction for too long
    {"40", absl::StatusCode::kUnavailable},          // deadlock: another try may succeed
    {"55P03", absl::StatusCode::kUnavailable},       // a lock was not to be had in time
    {"57014", absl::StatusCode::kDeadlineExceeded},  // statement_timeout
    {"57P", absl::StatusCode::kUnavailable},         // shut down, crashed, starting
    {"53", absl::StatusCode::kResourceExhausted},
    {"54", absl::StatusCode::kResourceExhausted},
    {"23505", absl::StatusCode::kAlreadyExists},
    {"22", absl::StatusCode::kInvalidArgument},
    {"23", absl::StatusCode::kInvalidArgument},
    {"28", absl::StatusCode::kPermissionDenied},
    {"42501", absl::StatusCode::kPermissionDenied},
    {"3D000", absl::StatusCode::kNotFound},
    {"XX001", absl::StatusCode::kDataLoss},
    {"XX002", absl::StatusCode::kDataLoss},
};

}  // namespace

absl::StatusCode PostgresCode(std::string_view sqlstate) {
  const auto found = std::ranges::find_if(
      kMeanings, [&](const Meaning& meaning) { return sqlstate.starts_with(meaning.state); });
  return found == std::end(kMeanings) ? absl::StatusCode::kInternal : found->code;
}

absl::Status PostgresError(std::string_view sqlstate, std::string_view what,
                           std::string_view words) {
  std::string line(Truncate(Trim(words), kMaxWords));
  std::ranges::replace(line, '\n', ' ');
  std::string text = Concat("PostgreSQL: ", what, ": ", line);
  if (sqlstate.empty()) return absl::UnavailableError(text);
  return absl::Status(PostgresCode(sqlstate), Concat(text, " (SQLSTATE ", sqlstate, ")"));
}

}  // namespace postwatch
