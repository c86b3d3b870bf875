// EventClock: a Clock that a coroutine can wait on.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/net/task.h"

namespace postwatch {

class EventClock : public Clock {
 public:
  // Resumes the caller after `duration` of steady time. Cancelled (absl::CancelledError) is not OK:
  // return at once then.
  virtual Task<absl::Status> SleepFor(absl::Duration duration) = 0;
};

// On the machine's clocks; timers run on the executor of the calling coroutine.
std::unique_ptr<EventClock> MakeSystemEventClock();

}  // namespace postwatch
