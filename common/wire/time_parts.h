// TimeParts: the two numbers that a Timestamp and a Duration have on the wire.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace postwatch {

struct TimeParts {
  int64_t seconds = 0;
  int32_t nanos = 0;
};

// InvalidArgument beyond what duration.proto and timestamp.proto allow.
absl::StatusOr<absl::Duration> MakeDuration(TimeParts parts);
absl::StatusOr<absl::Time> MakeTime(TimeParts parts);  // since the Unix epoch

}  // namespace postwatch
