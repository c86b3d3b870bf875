// FakeClock: an EventClock whose time passes only when the test says so.
#pragma once

#include <list>
#include <optional>
#include <stdexcept>
#include <utility>

#include "common/net/event_clock.h"
#include "tests/support/run_task.h"

namespace postwatch {

// Starts on 2026-11-02 12:00:00 UTC. Three ways to use it:
// - Advance by hand, with coroutines on a TestLoop given to the constructor;
// - RunTask(task, clock): time jumps to the next sleeper whenever nothing else can run;
// - SetAutoAdvance(true): a SleepFor moves the time and returns at once.
class FakeClock : public EventClock {
 public:
  // With a loop, Advance lets its coroutines run before, between and after the wake-ups, so that
  // one that sleeps again within the advanced span is woken again. The loop must outlive the calls.
  explicit FakeClock(TestLoop* loop = nullptr) : loop_(loop) {}

  absl::Time Now() const override { return now_; }
  absl::Duration Steady() const override { return steady_; }
  Task<absl::Status> SleepFor(absl::Duration duration) override;

  // Moves both clocks and wakes the sleepers due on the way, in order of their times.
  void Advance(absl::Duration duration);

  // Moves to the earliest sleeper and wakes it; false when nobody sleeps.
  bool WakeNext();

  // Sets the wall clock only, as an operator would.
  void SetWall(absl::Time now) { now_ = now; }

  void SetAutoAdvance(bool on) { auto_advance_ = on; }
  size_t sleepers() const { return sleepers_.size(); }

 private:
  struct Sleeper;

  void Poll();
  void MoveTo(absl::Duration steady);
  std::list<Sleeper*>::iterator Earliest();

  TestLoop* loop_;
  absl::Time now_ = absl::FromCivil(absl::CivilSecond(2026, 11, 2, 12, 0, 0), absl::UTCTimeZone());
  absl::Duration steady_ = absl::Hours(1);
  bool auto_advance_ = false;
  std::list<Sleeper*> sleepers_;  // in order of going to sleep; each owned by its SleepFor
};

// Runs `task` to its end in virtual time: whenever nothing can run, the clock jumps to the next
// sleeper. Throws std::runtime_error when nobody sleeps and the task is not done.
template <class T>
T RunTask(Task<T> task, FakeClock& clock) {
  boost::asio::io_context io;
  std::optional<T> result;
  std::exception_ptr failure;
  boost::asio::co_spawn(io, run_task_internal::Keep(std::move(task), result),
                        [&failure](std::exception_ptr error) { failure = error; });
  do {
    io.restart();
    io.poll();
  } while (!failure && !result.has_value() && clock.WakeNext());
  io.restart();
  io.poll();
  if (failure) std::rethrow_exception(failure);
  if (!result.has_value()) throw std::runtime_error("RunTask: the coroutine never finished");
  return std::move(*result);
}

}  // namespace postwatch
