// Rate limits: how much one peer may send, and how often one peer may fill the log.
#pragma once

#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"

namespace postwatch::collector {

// Lets `per_second` units a second through on average, and as many at once. Not thread-safe.
class TokenBucket {
 public:
  explicit TokenBucket(double per_second) : per_second_(per_second), tokens_(per_second) {}

  // Takes them, into debt if need be, and answers how long to wait until the debt is paid; zero
  // when there is none. `now` is a steady clock.
  absl::Duration Take(double units, absl::Duration now);

 private:
  double per_second_;
  double tokens_;
  absl::Duration last_ = absl::ZeroDuration();
};

// Lets each key try `burst` times at once, and once every `every` on average. 4096 keys are told
// apart; while there are more, the newer ones share what one has. Not thread-safe.
class AttemptLimiter {
 public:
  AttemptLimiter(int burst, absl::Duration every) : ahead_((burst - 1) * every), every_(every) {}

  // `now` is a steady clock.
  bool Allow(const std::string& key, absl::Duration now);

 private:
  const absl::Duration ahead_;
  const absl::Duration every_;
  absl::flat_hash_map<std::string, absl::Duration> paid_;  // until when each has used its share
};

// At most one line a second for each key, and no more than 1024 keys a second. Not thread-safe.
class LogLimiter {
 public:
  bool Allow(const std::string& key, absl::Duration now);

 private:
  absl::flat_hash_map<std::string, absl::Duration> last_;  // of the current second and before
};

}  // namespace postwatch::collector
