#include "collector/correlate/agent_clock.h"

#include <algorithm>

namespace postwatch::collector {
namespace {

constexpr double kPeriod = 900;     // least delays of the last one or two of these count
constexpr double kOddDelay = 5;     // more than the least one
constexpr double kOddAtLeast = 60;  // so long, and without exception: the clock was set
constexpr int kOddRuns = 12;

}  // namespace

double AgentClock::Correct(double ended, double received) {
  const double delay = received - ended;
  if (!started_) {
    started_ = true;
    period_start_ = received;
    least_ = previous_ = delay;
    return delay;
  }
  if (received - period_start_ > kPeriod) {
    previous_ = least_;
    least_ = delay;
    period_start_ = received;
  }
  least_ = std::min(least_, delay);
  const double offset = std::min(least_, previous_);
  if (delay - offset < kOddDelay) {
    odd_runs_ = 0;
    return offset;
  }
  if (odd_runs_ == 0) {
    odd_since_ = received;
    odd_least_ = delay;
  }
  ++odd_runs_;
  odd_least_ = std::min(odd_least_, delay);
  if (odd_runs_ < kOddRuns || received - odd_since_ < kOddAtLeast) return offset;
  least_ = previous_ = odd_least_;
  period_start_ = received;
  odd_runs_ = 0;
  return odd_least_;
}

}  // namespace postwatch::collector
