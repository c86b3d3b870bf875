#include "tests/support/fake_clock.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace postwatch {

namespace asio = boost::asio;

struct FakeClock::Sleeper {
  Sleeper(FakeClock& clock, asio::any_io_executor executor, absl::Duration until)
      : clock(clock), timer(std::move(executor)), until(until) {
    timer.expires_at(asio::steady_timer::time_point::max());
    clock.sleepers_.push_back(this);
  }
  ~Sleeper() { clock.sleepers_.remove(this); }

  FakeClock& clock;
  asio::steady_timer timer;
  absl::Duration until;
  bool woken = false;
};

Task<absl::Status> FakeClock::SleepFor(absl::Duration duration) {
  const auto state = co_await asio::this_coro::cancellation_state;
  if (state.cancelled() != asio::cancellation_type::none) {
    co_return absl::CancelledError("the sleep was cancelled");
  }
  if (auto_advance_) {
    MoveTo(steady_ + std::max(duration, absl::ZeroDuration()));
    co_return absl::OkStatus();
  }
  if (duration <= absl::ZeroDuration()) co_return absl::OkStatus();
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  co_await asio::this_coro::throw_if_cancelled(false);
  Sleeper sleeper(*this, executor, steady_ + duration);
  co_await sleeper.timer.async_wait(asio::as_tuple(asio::use_awaitable));
  if (!sleeper.woken) co_return absl::CancelledError("the sleep was cancelled");
  co_return absl::OkStatus();
}

void FakeClock::Poll() {
  if (loop_ != nullptr) loop_->Poll();
}

void FakeClock::MoveTo(absl::Duration steady) {
  if (steady <= steady_) return;
  now_ += steady - steady_;
  steady_ = steady;
}

std::list<FakeClock::Sleeper*>::iterator FakeClock::Earliest() {
  return std::min_element(sleepers_.begin(), sleepers_.end(),
                          [](const Sleeper* a, const Sleeper* b) { return a->until < b->until; });
}

bool FakeClock::WakeNext() {
  const auto earliest = Earliest();
  if (earliest == sleepers_.end()) return false;
  Sleeper* sleeper = *earliest;
  sleepers_.erase(earliest);
  MoveTo(sleeper->until);
  sleeper->woken = true;
  sleeper->timer.cancel();
  return true;
}

void FakeClock::Advance(absl::Duration duration) {
  const absl::Duration until = steady_ + duration;
  Poll();
  for (auto next = Earliest(); next != sleepers_.end() && (*next)->until <= until;
       next = Earliest()) {
    WakeNext();
    Poll();
  }
  MoveTo(until);
}

}  // namespace postwatch
