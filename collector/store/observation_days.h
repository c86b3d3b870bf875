// ObservationDays: the tables that PostgreSQL keeps observations in, one a day (UTC).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "common/postgres/connection.h"

namespace postwatch::collector {

absl::CivilDay DayOf(absl::Time time);
absl::Time StartOf(absl::CivilDay day);

// "observations_20261123", and back: nothing when it is no such name.
std::string DayTable(absl::CivilDay day);
std::optional<absl::CivilDay> DayOfTable(std::string_view table);

// All there are, the oldest first.
absl::StatusOr<std::vector<absl::CivilDay>> ListDays(PostgresConnection& connection);

// Makes the day's table unless it is there. In its own transaction, and with locks that neither
// writers nor a backup have to wait for. InvalidArgument for a day outside the years 1970 to 9999.
absl::Status MakeDay(PostgresConnection& connection, absl::CivilDay day);

}  // namespace postwatch::collector
