#include "agent/schedule/restraint.h"

#include <algorithm>

namespace postwatch::agent {
namespace {

constexpr int kTriesBeforeHold = 2;
constexpr int kRejectedFactor = 6;
constexpr int kThrottledFactor = 2;
constexpr int kMaxDoublings = 12;
constexpr absl::Duration kMaxHold = absl::Minutes(30);

bool IsRejection(FailureClass klass) {
  switch (klass) {
    case FailureClass::kSmtpAuthFailed:
    case FailureClass::kSmtpAuthAccount:
    case FailureClass::kImapAuthFailed:
    case FailureClass::kPop3AuthFailed:
      return true;
    default:
      return false;
  }
}

bool IsThrottle(FailureClass klass) {
  switch (klass) {
    case FailureClass::kSmtpThrottledTemp:
    case FailureClass::kSmtpThrottledPerm:
    case FailureClass::kImapTooManyConnections:
    case FailureClass::kImapThrottled:
    case FailureClass::kPop3LoginDelay:
      return true;
    default:
      return false;
  }
}

absl::Duration Hold(absl::Duration interval, int factor, int doublings) {
  return std::min(kMaxHold, interval * factor * (1 << std::min(doublings, kMaxDoublings)));
}

}  // namespace

absl::Duration Restraint::After(const Observation& observation, absl::Duration interval) {
  const FailureClass klass =
      observation.failure.has_value() ? observation.failure->klass : FailureClass::kUnspecified;
  rejections_ = IsRejection(klass) ? rejections_ + 1 : 0;
  throttles_ = IsThrottle(klass) ? throttles_ + 1 : 0;
  if (rejections_ >= kTriesBeforeHold) {
    return Hold(interval, kRejectedFactor, rejections_ - kTriesBeforeHold);
  }
  if (throttles_ > 0) return Hold(interval, kThrottledFactor, throttles_ - 1);
  return absl::ZeroDuration();
}

}  // namespace postwatch::agent
