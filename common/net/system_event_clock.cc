#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>

#include "common/net/event_clock.h"

namespace postwatch {
namespace {

namespace asio = boost::asio;

// Longer sleeps, infinite ones included, are cut to this: the sum must fit the clock.
constexpr absl::Duration kLongestSleep = absl::Hours(24 * 365);

class SystemEventClock : public EventClock {
 public:
  absl::Time Now() const override { return clock_.Now(); }
  absl::Duration Steady() const override { return clock_.Steady(); }

  Task<absl::Status> SleepFor(absl::Duration duration) override {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    co_await asio::this_coro::throw_if_cancelled(false);
    if (state.cancelled() != asio::cancellation_type::none) co_return Cancelled();
    asio::steady_timer timer(executor, absl::ToChronoNanoseconds(std::clamp(
                                           duration, absl::ZeroDuration(), kLongestSleep)));
    auto [error] = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    if (error || state.cancelled() != asio::cancellation_type::none) co_return Cancelled();
    co_return absl::OkStatus();
  }

 private:
  static absl::Status Cancelled() { return absl::CancelledError("the sleep was cancelled"); }

  SystemClock clock_;
};

}  // namespace

std::unique_ptr<EventClock> MakeSystemEventClock() { return std::make_unique<SystemEventClock>(); }

}  // namespace postwatch
