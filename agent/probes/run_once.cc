#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/this_coro.hpp>
#include <exception>

#include "agent/probes/failure_mapping.h"
#include "agent/probes/probe.h"
#include "common/base/text.h"

namespace postwatch::agent {
namespace {

namespace asio = boost::asio;

// A probe that throws is our own fault and must never look like the target's.
Task<void> RunGuarded(Probe& probe, StepRecorder& run) {
  co_await asio::this_coro::throw_if_cancelled(false);
  try {
    co_await probe.Run(run);
  } catch (const std::exception& error) {
    run.NotTested(Concat("the probe broke off: ", error.what()));
  }
}

// Writes the verdict before it ends, since its end is what cancels the probe.
Task<void> FailAtDeadline(StepRecorder& run, absl::Duration timeout, EventClock& clock) {
  co_await asio::this_coro::throw_if_cancelled(false);
  const absl::Status slept = co_await clock.SleepFor(timeout);
  if (!slept.ok()) co_return;
  const std::string step = run.current_step().empty() ? "start" : run.current_step();
  const std::string detail = Concat("timeout while ", step, ": the run was not done within ",
                                    absl::FormatDuration(timeout));
  run.Fail(TimeoutClass(step), detail);
}

}  // namespace

Task<std::vector<Observation>> RunOnce(Probe& probe, const CheckSpec& spec, EventClock& clock) {
  using asio::experimental::awaitable_operators::operator||;
  co_await asio::this_coro::throw_if_cancelled(false);
  StepRecorder run(spec, clock);
  Task<void> probing = RunGuarded(probe, run);
  Task<void> deadline = FailAtDeadline(run, spec.timeout, clock);
  // Whichever ends first cancels the other; both have ended when this returns.
  co_await (std::move(probing) || std::move(deadline));
  const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
  // A probe that was told to stop found no fault, which is not the same as a pass.
  if (state.cancelled() != asio::cancellation_type::none) run.NotTested("the run was cancelled");
  std::vector<Observation> result;
  result.push_back(run.Finish());
  for (Observation& amendment : probe.TakeAmendments()) result.push_back(std::move(amendment));
  co_return result;
}

}  // namespace postwatch::agent
