// LogBudget: bounds how many lines a minute one cause may write to the log.
#pragma once

#include <cstdint>
#include <optional>

#include "absl/time/time.h"

namespace postwatch {

// Not thread-safe.
class LogBudget {
 public:
  explicit LogBudget(int lines_a_minute) : lines_(lines_a_minute) {}

  // Whether one more line may be written. If so: how many were held back since the last that was.
  // `now` is steady time.
  std::optional<uint64_t> Take(absl::Duration now);

 private:
  const int lines_;
  std::optional<absl::Duration> minute_;  // when the current one began
  int written_ = 0;                       // in this minute
  uint64_t held_back_ = 0;
};

}  // namespace postwatch
