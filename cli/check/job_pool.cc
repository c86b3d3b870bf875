#include "cli/check/job_pool.h"

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <exception>
#include <utility>

#include "common/base/ids.h"
#include "common/base/text.h"

namespace postwatch::cli {
namespace {

namespace asio = boost::asio;

// A run whose own time is up at the limit blames what it waited for; the limit comes after it.
constexpr absl::Duration kLimitGrace = absl::Milliseconds(250);
// A probe that was told to stop and does not is left behind after this.
constexpr absl::Duration kStopGrace = absl::Seconds(3);
constexpr absl::Duration kTellEvery = absl::Seconds(1);

constexpr unsigned kMx = 1, kSubmission = 2, kAccess = 4;

}  // namespace

struct JobPool::Run {
  Job job;
  bool started = false, ended = false;
  bool cut = false;  // ended because it was told to
  std::vector<Observation> results;
  asio::cancellation_signal cancel;
};

struct JobPool::Timers {
  asio::cancellation_signal limit, tell, give_up;
};

unsigned LanesOf(Leg leg) {
  switch (leg) {
    case Leg::kControl:
    case Leg::kDns:
    case Leg::kRegistration:
      return 0;
    case Leg::kInbound:
      return kMx;
    case Leg::kSubmission:
      return kSubmission;
    case Leg::kAccess:
      return kAccess;
    case Leg::kDelivery:
      return kSubmission | kAccess;
  }
  return 0;
}

JobPool::JobPool(boost::asio::any_io_executor executor, EventClock& clock, std::vector<Job> jobs,
                 PoolOptions options)
    : executor_(std::move(executor)),
      clock_(clock),
      options_(std::move(options)),
      timers_(std::make_unique<Timers>()) {
  for (Job& job : jobs) {
    runs_.push_back(std::make_unique<Run>());
    runs_.back()->job = std::move(job);
  }
}

JobPool::~JobPool() = default;

void JobPool::Start() {
  begun_ = clock_.Steady();
  if (runs_.empty()) {
    if (options_.finished) options_.finished();
    return;
  }
  Spawn(StopAtLimit(this), timers_->limit);
  Spawn(TellEachSecond(this), timers_->tell);
  Dispatch();
  Tell(nullptr);
}

void JobPool::Spawn(Task<void> timer, asio::cancellation_signal& signal) {
  asio::co_spawn(executor_, std::move(timer),
                 asio::bind_cancellation_slot(signal.slot(), [](std::exception_ptr) {}));
}

void JobPool::Stop(std::string_view why) {
  if (!stopped_.empty() || done_ == runs_.size()) return;
  stopped_ = why;
  for (const std::unique_ptr<Run>& run : runs_) {
    if (run->started && !run->ended) run->cancel.emit(asio::cancellation_type::terminal);
  }
  // What never started has ended too.
  for (const std::unique_ptr<Run>& run : runs_) {
    if (run->started) continue;
    run->started = run->ended = true;
    ++done_;
  }
  if (done_ == runs_.size()) {
    Finish();
  } else {
    Spawn(GiveUp(this), timers_->give_up);
  }
}

void JobPool::Dispatch() {
  for (size_t i = 0; i < runs_.size() && running_ < options_.at_once && stopped_.empty(); ++i) {
    const Run& run = *runs_[i];
    if (!run.started && (run.job.lanes & busy_lanes_) == 0) Launch(i);
  }
}

void JobPool::Launch(size_t index) {
  Run& run = *runs_[index];
  run.started = true;
  ++running_;
  busy_lanes_ |= run.job.lanes;
  // With little time left the run would blame a server for our hurry: then the limit ends it, and
  // nothing is said.
  const absl::Duration left = options_.limit - (clock_.Steady() - begun_);
  if (left >= run.job.spec.timeout / 2) {
    run.job.spec.timeout =
        std::min(run.job.spec.timeout, absl::Ceil(left, absl::Milliseconds(100)));
  }
  asio::co_spawn(executor_, RunJob(this, index),
                 asio::bind_cancellation_slot(run.cancel.slot(), [this, index](std::exception_ptr) {
                   Run& ended = *runs_[index];
                   ended.ended = true;
                   ended.cut = !stopped_.empty();
                   --running_;
                   ++done_;
                   busy_lanes_ &= ~ended.job.lanes;
                   Dispatch();
                   Tell(&ended);
                   if (done_ == runs_.size()) Finish();
                 }));
}

Task<void> JobPool::RunJob(JobPool* pool, size_t index) {
  Run& run = *pool->runs_[index];
  run.results = co_await agent::RunOnce(*run.job.probe, run.job.spec, pool->clock_);
}

void JobPool::Finish() {
  if (std::exchange(finished_, true)) return;
  for (asio::cancellation_signal* timer : {&timers_->limit, &timers_->tell, &timers_->give_up}) {
    timer->emit(asio::cancellation_type::terminal);
  }
  if (options_.finished) options_.finished();
}

Task<void> JobPool::GiveUp(JobPool* pool) {
  const absl::Status slept = co_await pool->clock_.SleepFor(kStopGrace);
  if (slept.ok()) pool->Finish();
}

Task<void> JobPool::StopAtLimit(JobPool* pool) {
  const absl::Status slept = co_await pool->clock_.SleepFor(pool->options_.limit + kLimitGrace);
  if (!slept.ok()) co_return;
  pool->Stop(Concat("the time was up after ", absl::FormatDuration(pool->options_.limit),
                    "; give more with --timeout"));
}

Task<void> JobPool::TellEachSecond(JobPool* pool) {
  while (pool->done_ < pool->runs_.size()) {
    const absl::Status slept = co_await pool->clock_.SleepFor(kTellEvery);
    if (!slept.ok()) co_return;
    pool->Tell(nullptr);
  }
}

void JobPool::Tell(const Run* ended) const {
  if (!options_.progress) return;
  PoolProgress progress{.done = done_, .total = runs_.size(), .elapsed = clock_.Steady() - begun_};
  for (const std::unique_ptr<Run>& run : runs_) {
    const std::string_view kind = run->job.spec.kind;
    if (!run->started || run->ended) continue;
    if (std::ranges::find(progress.running, kind) == progress.running.end()) {
      progress.running.push_back(kind);
    }
  }
  if (ended != nullptr && !ended->results.empty()) {
    progress.finished = &ended->job.spec;
    progress.result = &ended->results.front();
  }
  options_.progress(progress);
}

Observation JobPool::NotRun(const Job& job) const {
  return {.id = RandomId(),
          .check_id = job.spec.id,
          .kind = job.spec.kind,
          .target = job.spec.target,
          .started = clock_.Now(),
          .outcome = Outcome::kNotTested,
          .not_tested_reason = stopped_.empty() ? "the run did not end" : stopped_};
}

std::vector<std::vector<Observation>> JobPool::TakeResults() {
  std::vector<std::vector<Observation>> all;
  for (const std::unique_ptr<Run>& run : runs_) {
    if (run->results.empty()) run->results.push_back(NotRun(run->job));
    Observation& own = run->results.front();
    // A run that was cancelled knows no more than that; why it was is known here.
    if (run->cut && own.outcome == Outcome::kNotTested) own.not_tested_reason = stopped_;
    all.push_back(std::move(run->results));
  }
  return all;
}

}  // namespace postwatch::cli
