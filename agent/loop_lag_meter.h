// LoopLagMeter: how late the event loop is; once a second.
#pragma once

#include <array>
#include <cstddef>

#include "absl/time/time.h"
#include "agent/probes/probe.h"
#include "common/net/event_clock.h"
#include "common/net/task.h"

namespace postwatch::agent {

class LoopLagMeter : public LoopLag {
 public:
  explicit LoopLagMeter(EventClock& clock) : clock_(clock) {}

  // Measures until cancelled.
  Task<void> Run();

  absl::Duration Worst() const override;

  // Worst since the last call.
  absl::Duration TakeWorst();

 private:
  static constexpr size_t kSeconds = 60;

  EventClock& clock_;
  std::array<absl::Duration, kSeconds> recent_{};  // a ring, one entry a second
  size_t next_ = 0;
  absl::Duration since_taken_;
};

}  // namespace postwatch::agent
