// JobPool: runs checks side by side, politely and within a time, and keeps their order.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "agent/probes/probe.h"
#include "common/model/check_spec.h"
#include "common/model/observation.h"
#include "common/net/event_clock.h"

namespace postwatch::cli {

// One run of one check.
struct Job {
  CheckSpec spec;  // its timeout is the most the run may take
  std::unique_ptr<agent::Probe> probe;
  unsigned lanes = 0;  // bits; of jobs that share one, one runs at a time
};

// The lanes of a leg: a kind of mail server each, so that no server is asked twice at once.
unsigned LanesOf(Leg leg);

struct PoolProgress {
  size_t done = 0, total = 0;
  absl::Duration elapsed;
  std::vector<std::string_view> running;  // check kinds, in order, each once
  // The one that ended just now, if that is why this is told.
  const CheckSpec* finished = nullptr;
  const Observation* result = nullptr;
};

struct PoolOptions {
  size_t at_once = 8;
  absl::Duration limit = absl::Seconds(60);  // of all together
  // Called at the start, once a second and whenever a run ends.
  std::function<void(const PoolProgress&)> progress;
  // Called once, when the last run has ended, or some seconds after it was told to.
  std::function<void()> finished;
};

// Belongs to one event loop; must outlive the loop's running.
class JobPool {
 public:
  JobPool(boost::asio::any_io_executor executor, EventClock& clock, std::vector<Job> jobs,
          PoolOptions options);
  ~JobPool();

  void Start();

  // Cancels what runs and starts nothing more; runs without a verdict are not tested because of
  // `why`. The first call counts. What the time limit does by itself.
  void Stop(std::string_view why);

  // One list a job, in the order of the jobs. A job that never ended has one observation, not
  // tested. Call once, when the loop has ended.
  std::vector<std::vector<Observation>> TakeResults();

 private:
  struct Run;
  struct Timers;

  static Task<void> RunJob(JobPool* pool, size_t index);
  static Task<void> StopAtLimit(JobPool* pool);
  static Task<void> TellEachSecond(JobPool* pool);
  static Task<void> GiveUp(JobPool* pool);
  void Spawn(Task<void> timer, boost::asio::cancellation_signal& signal);
  void Dispatch();
  void Launch(size_t index);
  void Finish();
  void Tell(const Run* ended) const;
  Observation NotRun(const Job& job) const;

  const boost::asio::any_io_executor executor_;
  EventClock& clock_;
  const PoolOptions options_;
  std::vector<std::unique_ptr<Run>> runs_;
  std::unique_ptr<Timers> timers_;
  absl::Duration begun_;
  size_t running_ = 0, done_ = 0;
  unsigned busy_lanes_ = 0;
  bool finished_ = false;
  std::string stopped_;  // why, once it is
};

}  // namespace postwatch::cli
