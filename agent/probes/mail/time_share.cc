#include "agent/probes/mail/time_share.h"

#include <algorithm>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/this_coro.hpp>
#include <utility>

#include "common/base/text.h"

namespace postwatch::agent {
namespace {

namespace asio = boost::asio;

constexpr absl::Duration kReserve = absl::Seconds(1);
constexpr absl::Duration kLeastShare = absl::Seconds(10);

Task<void> Wait(EventClock& clock, absl::Duration limit, bool& expired) {
  co_await asio::this_coro::throw_if_cancelled(false);
  const absl::Status slept = co_await clock.SleepFor(limit);
  expired = slept.ok();
}

}  // namespace

absl::Duration VisitingTime(const CheckSpec& spec) { return spec.timeout - kReserve; }

absl::Duration ShareOf(absl::Duration remaining, size_t left) {
  const auto others = static_cast<int64_t>(left) - 1;
  return std::max(remaining / static_cast<int64_t>(left), remaining - others * kLeastShare);
}

Task<bool> ExpiresWithin(EventClock& clock, absl::Duration limit, Task<void> work) {
  using asio::experimental::awaitable_operators::operator||;
  bool expired = false;
  Task<void> wait = Wait(clock, limit, expired);
  // Whichever ends first cancels the other; both have ended behind this line.
  co_await (std::move(work) || std::move(wait));
  co_return expired;
}

Fault LateFault(const StepRecorder& run, absl::Duration share) {
  const std::string& step = run.current_step();
  return {TimeoutClass(step),
          Concat("not done with ", step, " within its share of the run's time, ",
                 absl::FormatDuration(absl::Trunc(share, absl::Milliseconds(1)))),
          std::nullopt};
}

}  // namespace postwatch::agent
