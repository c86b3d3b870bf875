// StoreTrouble: that the store does not take what it is given: told in the log, counted, and held
// against readiness until it does again.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/log_budget.h"

namespace postwatch::collector {

// Thread-safe. A store that fails all the time is told in the log at first, then once a minute.
class StoreTrouble {
 public:
  // `store` is its name in the configuration. `clock` must outlive this.
  StoreTrouble(std::string store, const Clock& clock);

  // `what` was attempted: "storing observations". A row that is not there (NotFound) is counted and
  // logged, but the store works.
  void Failed(std::string_view what, const absl::Status& status);
  // Something was committed.
  void Works();
  // It was asked to prove that it works, and is to answer by Failed or Works.
  void Asked();

  // Whether it takes no more for want of room: not worth a try until it has proven that it does.
  bool full() const;
  uint64_t errors() const;
  // By Clock::Steady: when something was committed last; when this was made, if nothing was.
  absl::Duration last_commit() const;
  // OK, or that it cannot be written, why and since when, and what to do.
  absl::Status status() const;

 private:
  const std::string store_;
  const Clock& clock_;
  mutable absl::Mutex mutex_;
  uint64_t errors_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Status why_ ABSL_GUARDED_BY(mutex_);                                 // OK while it works
  absl::Time since_ ABSL_GUARDED_BY(mutex_);                                 // of why_
  absl::Duration asked_ ABSL_GUARDED_BY(mutex_) = absl::InfiniteDuration();  // when, unanswered
  absl::Duration last_commit_ ABSL_GUARDED_BY(mutex_);
  LogBudget lines_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace postwatch::collector
