#include "agent/schedule/restraint.h"

#include <algorithm>
#include <optional>

#include "common/base/text.h"

namespace postwatch::agent {
namespace {

constexpr int kTriesBeforeHold = 2;
constexpr int kRejectedFactor = 6;
constexpr int kThrottledFactor = 2;
constexpr int kMaxDoublings = 12;
constexpr absl::Duration kMaxHold = absl::Minutes(30);
constexpr absl::Duration kMaxAsked = absl::Hours(24);
constexpr const char* kBackoffFact = "backoff.seconds";

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

// What the server asked for, where it did.
absl::Duration AskedFor(const Observation& observation) {
  const auto fact = observation.evidence.facts.find(kBackoffFact);
  if (fact == observation.evidence.facts.end()) return absl::ZeroDuration();
  const std::optional<int64_t> seconds = ParseInteger(fact->second);
  if (!seconds || *seconds < 0) return absl::ZeroDuration();
  return std::min(kMaxAsked, absl::Seconds(*seconds));
}

}  // namespace

absl::Duration Restraint::After(const Observation& observation, absl::Duration interval,
                                FleetShare share) {
  const FailureClass klass =
      observation.failure.has_value() ? observation.failure->klass : FailureClass::kUnspecified;
  rejections_ = IsRejection(klass) ? rejections_ + 1 : 0;
  throttles_ = IsThrottle(klass) ? throttles_ + 1 : 0;
  if (rejections_ == 1 && share.agents > 1) {
    return Hold(interval, kRejectedFactor, 0) * (share.position + 1);  // one after the other
  }
  if (rejections_ >= kTriesBeforeHold) {
    return Hold(interval, kRejectedFactor, rejections_ - kTriesBeforeHold) * share.agents;
  }
  if (throttles_ > 0) {
    return std::max(Hold(interval, kThrottledFactor, throttles_ - 1), AskedFor(observation));
  }
  return absl::ZeroDuration();
}

}  // namespace postwatch::agent
