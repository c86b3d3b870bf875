// RunTask: runs a coroutine to its end inside a test, on an event loop of its own.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <exception>
#include <optional>
#include <stdexcept>
#include <utility>

#include "common/net/task.h"

namespace postwatch {

// A test that waits this long in real time waits for something that never comes.
inline constexpr std::chrono::seconds kRunTaskLimit{30};

namespace run_task_internal {

template <class T>
Task<void> Keep(Task<T> task, std::optional<T>& result) {
  T value = co_await std::move(task);
  result.emplace(std::move(value));
}

inline Task<void> Keep(Task<void> task, std::optional<bool>& result) {
  co_await std::move(task);
  result = true;
}

}  // namespace run_task_internal

// An event loop driven by hand: several coroutines, advanced as far as they can go without time
// passing. Declare it after everything its coroutines refer to.
class TestLoop {
 public:
  // Starts a coroutine at the next Poll. An exception out of it is thrown by that Poll.
  void Spawn(Task<void> task) {
    boost::asio::co_spawn(io_, std::move(task), [](std::exception_ptr error) {
      if (error) std::rethrow_exception(error);
    });
  }

  // Runs whatever is ready until nothing is.
  void Poll() {
    io_.restart();
    io_.poll();
  }

  boost::asio::io_context& io() { return io_; }

 private:
  boost::asio::io_context io_;
};

// Runs `task` to its end and returns its value. Throws std::runtime_error, which GoogleTest
// reports, when the coroutine waits for something that never comes. See fake_clock.h for virtual
// time.
template <class T>
T RunTask(Task<T> task) {
  boost::asio::io_context io;
  std::optional<T> result;
  std::exception_ptr failure;
  boost::asio::co_spawn(io, run_task_internal::Keep(std::move(task), result),
                        [&failure](std::exception_ptr error) { failure = error; });
  io.run_for(kRunTaskLimit);
  if (failure) std::rethrow_exception(failure);
  if (!result.has_value()) throw std::runtime_error("RunTask: the coroutine never finished");
  return std::move(*result);
}

inline void RunTask(Task<void> task) {
  boost::asio::io_context io;
  std::optional<bool> result;
  std::exception_ptr failure;
  boost::asio::co_spawn(io, run_task_internal::Keep(std::move(task), result),
                        [&failure](std::exception_ptr error) { failure = error; });
  io.run_for(kRunTaskLimit);
  if (failure) std::rethrow_exception(failure);
  if (!result.has_value()) throw std::runtime_error("RunTask: the coroutine never finished");
}

}  // namespace postwatch
