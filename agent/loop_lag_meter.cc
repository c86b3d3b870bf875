#include "agent/loop_lag_meter.h"

#include <algorithm>

namespace postwatch::agent {
namespace {

constexpr absl::Duration kPeriod = absl::Seconds(1);

}  // namespace

Task<void> LoopLagMeter::Run() {
  while (true) {
    const absl::Duration due = clock_.Steady() + kPeriod;
    const absl::Status slept = co_await clock_.SleepFor(kPeriod);
    if (!slept.ok()) co_return;
    const absl::Duration lag = std::max(absl::ZeroDuration(), clock_.Steady() - due);
    recent_[next_] = lag;
    next_ = (next_ + 1) % kSeconds;
    since_taken_ = std::max(since_taken_, lag);
  }
}

absl::Duration LoopLagMeter::Worst() const {
  return *std::max_element(recent_.begin(), recent_.end());
}

absl::Duration LoopLagMeter::TakeWorst() {
  return std::exchange(since_taken_, absl::ZeroDuration());
}

}  // namespace postwatch::agent
