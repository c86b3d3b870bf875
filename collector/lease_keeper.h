// LeaseKeeper: keeps the lease of the store while its collector acts, and says at once when it may
// not act any more.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "collector/store/lease.h"
#include "common/base/clock.h"

namespace postwatch::collector {

class LeaseKeeper {
 public:
  // `lease` is held, as `state` says; renewed from now on, on a thread of its own, unless it has no
  // end. `clock` must outlive this.
  LeaseKeeper(std::unique_ptr<Lease> lease, const LeaseState& state, const Clock& clock);
  ~LeaseKeeper();  // End

  // `on_lost` is called once, on the thread or here, when another one has it or when the store
  // could not be asked in time; never after End. It must not block.
  void WhenLost(std::function<void(const absl::Status&)> on_lost);

  // Whether to act now: to be asked right before anything that cannot be taken back. From any
  // thread; right also in a process that was stopped for a while and goes on.
  bool Holds() const;

  // Lets go, so that another one need not wait; everything must be written by then. Again: no
  // effect. Waits for an answer of the store for some seconds at most.
  void End();

 private:
  void Loop();
  void Lost(const absl::Status& why);
  // OK while it is ours.
  absl::Status Renew();
  // False when it is time to end.
  bool Sleep(absl::Duration duration);

  const std::unique_ptr<Lease> lease_;
  const Clock& clock_;
  std::atomic<int64_t> until_;  // nanoseconds of Clock::Steady; the last of them: no end
  std::mutex mu_;
  std::condition_variable changed_;
  // Guarded by mu_.
  std::function<void(const absl::Status&)> on_lost_;
  absl::Status lost_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace postwatch::collector
