// SharedClock: a Clock for code with threads of its own; time passes only when the test says so.
#pragma once

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "common/base/clock.h"

namespace postwatch {

// Starts at the time of incident_samples.h: 2026-11-02 12:00:00 UTC. Thread-safe.
class SharedClock : public Clock {
 public:
  absl::Time Now() const override {
    absl::MutexLock lock(&mutex_);
    return start_ + passed_;
  }
  absl::Duration Steady() const override {
    absl::MutexLock lock(&mutex_);
    return passed_;
  }
  void Advance(absl::Duration duration) {
    absl::MutexLock lock(&mutex_);
    passed_ += duration;
  }

 private:
  const absl::Time start_ =
      absl::FromCivil(absl::CivilSecond(2026, 11, 2, 12, 0, 0), absl::UTCTimeZone());
  mutable absl::Mutex mutex_;
  absl::Duration passed_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace postwatch
