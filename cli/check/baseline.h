// Baseline: an earlier report, against which a new one is held: only what is new or worse counts.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/check/report.h"

namespace postwatch::cli {

// The findings that are faults, of a report as `--format json` writes it. InvalidArgument when it
// is none, or one of another domain.
absl::StatusOr<std::vector<Finding>> ReadBaseline(std::string_view json, std::string_view domain);

// Of a file. NotFound when it cannot be read.
absl::StatusOr<std::vector<Finding>> LoadBaseline(const std::string& path, std::string_view domain);

// Marks what stood in `before` (same check, subject and class, no milder) as known, and lists what
// is no more. Details do not matter, since they count days; numbers do: the second host with the
// same fault is new. A check that was not tested now has fixed nothing.
void CompareWith(const std::vector<Finding>& before, Report& report);

}  // namespace postwatch::cli
