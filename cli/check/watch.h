// Watch: repeats the checks of a domain for some time and tells what gets worse.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cli/check/changes.h"
#include "cli/check/report.h"
#include "common/base/clock.h"

namespace postwatch::cli {

struct WatchOptions {
  std::string domain;
  absl::Duration length = absl::Minutes(10);
  absl::Duration every = absl::Seconds(60);    // from the start of a round to that of the next
  std::optional<std::vector<Finding>> before;  // else what the first round finds
  FindingSeverity fail_on = FindingSeverity::kWarning;
  bool json = false;  // lines of JSON instead of text
};

// What a watch works with.
struct WatchWorld {
  const Clock& clock;
  std::function<absl::StatusOr<Report>()> check;
  std::function<bool(absl::Duration)> wait;  // false when it was interrupted
  std::function<void(std::string_view)> print;
};

// Returns how it ended: kOk when nothing is worse at the end than before, kWarning or kCritical by
// what is worse and was so in two rounds in a row, kUnknown when that could not be tested or the
// watch was interrupted. What is new in the last round is looked at once more. An error is that of
// a round that could not even start.
absl::StatusOr<ReportStatus> RunWatch(const WatchOptions& options, const WatchWorld& world);

}  // namespace postwatch::cli
