// Backoff: how long to wait before the next try; doubles, is capped, and is jittered.
#pragma once

#include "absl/time/time.h"

namespace postwatch {

struct BackoffOptions {
  absl::Duration first = absl::Milliseconds(500);
  absl::Duration cap = absl::Seconds(30);
};

// Full jitter: each wait is uniform in (0, min(cap, first * 2^failures)], so that a thousand agents
// that lost one collector do not come back in one instant.
class Backoff {
 public:
  explicit Backoff(BackoffOptions options) : options_(options) {}

  // The next wait; `unit` is a uniform random number in [0, 1). Never less than 1 ms.
  absl::Duration Next(double unit);

  // After a success.
  void Reset() { failures_ = 0; }

  int failures() const { return failures_; }

 private:
  BackoffOptions options_;
  int failures_ = 0;
};

}  // namespace postwatch
