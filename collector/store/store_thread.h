// StoreThread: gives a Store a thread of its own and commits waiting appends together.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <thread>
#include <variant>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "collector/store/store.h"

namespace postwatch::collector {

// Work runs in the order it was handed over, from any thread. Appends that wait next to each other
// share one transaction, hence one fsync: each gets the sightings of its own that were new, or all
// get the same error.
class StoreThread {
 public:
  // Which of the caller's sightings were new, in order; or why none of them is stored.
  using Appended = std::function<void(absl::StatusOr<std::vector<Sighting>>)>;
  using Work = std::function<void(Store&)>;

  struct Bounds {
    size_t sightings = 65536;  // waiting in appends
    size_t work = 4096;        // other work waiting
  };

  explicit StoreThread(std::unique_ptr<Store> store) : StoreThread(std::move(store), Bounds()) {}
  StoreThread(std::unique_ptr<Store> store, Bounds bounds);
  ~StoreThread();  // Stop

  StoreThread(const StoreThread&) = delete;
  StoreThread& operator=(const StoreThread&) = delete;

  // `done` is called exactly once: on the store's thread after the commit; or at once, on the
  // caller's, with Unavailable: when too much waits already, or after Stop. It
  // must not block, and must not call Stop.
  void Append(std::vector<Sighting> sightings, Appended done);

  // Runs `work` on the store's thread. When the answer is not OK (the same reasons as Append), it
  // never runs.
  absl::Status Run(Work work);

  // Accepts nothing more, finishes all that waits, ends the thread and closes the store. Blocks.
  // Not from the store's thread. Again: no effect.
  void Stop();

 private:
  struct AppendJob {
    std::vector<Sighting> sightings;
    Appended done;
  };
  using Job = std::variant<AppendJob, Work>;

  void Loop();
  // Moves the next job, or all neighbouring appends, out of the queue. Empty: time to end.
  std::vector<Job> TakeNext();
  bool HasWorkOrStops() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return stopping_ || !queue_.empty();
  }
  void AppendTogether(std::vector<Job> jobs);

  const Bounds bounds_;
  std::unique_ptr<Store> store_;  // of the thread, while it runs
  absl::Mutex mutex_;
  std::deque<Job> queue_ ABSL_GUARDED_BY(mutex_);
  size_t queued_sightings_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t queued_work_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace postwatch::collector
