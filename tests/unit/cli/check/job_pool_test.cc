#include "cli/check/job_pool.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/this_coro.hpp>

#include "common/base/text.h"
#include "tests/support/fake_clock.h"
#include "tests/support/run_task.h"

namespace postwatch::cli {
namespace {

// Takes its time and notes when it began and ended.
class SlowProbe : public agent::Probe {
 public:
  SlowProbe(std::string name, absl::Duration takes, FakeClock& clock, std::vector<std::string>& log)
      : name_(std::move(name)), takes_(takes), clock_(clock), log_(log) {}

  Task<void> Run(agent::StepRecorder& run) override {
    log_.push_back(Concat("+", name_));
    run.Begin("banner");
    const absl::Status slept = co_await clock_.SleepFor(takes_);
    log_.push_back(Concat(slept.ok() ? "-" : "!", name_));
  }

 private:
  const std::string name_;
  const absl::Duration takes_;
  FakeClock& clock_;
  std::vector<std::string>& log_;
};

class JobPoolTest : public testing::Test {
 protected:
  void Add(const std::string& name, int seconds, unsigned lanes = 0, int timeout = 30) {
    const CheckSpec spec{.id = name, .kind = name, .timeout = absl::Seconds(timeout)};
    jobs_.push_back(
        {spec, std::make_unique<SlowProbe>(name, absl::Seconds(seconds), clock_, log_), lanes});
  }

  void Start(PoolOptions options) {
    options.finished = [this] { ++finished_; };
    pool_.emplace(loop_.io().get_executor(), clock_, std::move(jobs_), std::move(options));
    pool_->Start();
    loop_.Poll();
  }

  void Pass(int seconds) { clock_.Advance(absl::Seconds(seconds)); }

  // "+a +b -a", what happened so far.
  std::string Log() const { return Join(log_, " "); }

  // "pass; not_tested: why; fail tcp_timeout", in order of the jobs.
  std::string Results() {
    std::vector<std::string> texts;
    for (const std::vector<Observation>& seen : pool_->TakeResults()) {
      const Observation& own = seen.at(0);
      texts.push_back(own.failure ? Concat("fail ", FailureClassName(own.failure->klass))
                      : own.outcome == Outcome::kPass
                          ? "pass"
                          : Concat("not_tested: ", own.not_tested_reason));
    }
    return Join(texts, "; ");
  }

  TestLoop loop_;
  FakeClock clock_{&loop_};
  std::vector<std::string> log_;
  std::vector<Job> jobs_;
  std::optional<JobPool> pool_;
  int finished_ = 0;
};

TEST_F(JobPoolTest, RunsSideBySideAndKeepsTheOrder) {
  Add("a", 3);
  Add("b", 1);
  Start({});
  EXPECT_EQ(Log(), "+a +b");
  Pass(5);
  EXPECT_EQ(Log(), "+a +b -b -a");
  EXPECT_EQ(finished_, 1);
  EXPECT_EQ(Results(), "pass; pass");
}

TEST_F(JobPoolTest, RunsOnlySoManyAtOnce) {
  for (const char* name : {"a", "b", "c"}) Add(name, 1);
  Start({.at_once = 2});
  EXPECT_EQ(Log(), "+a +b");
  Pass(1);
  EXPECT_EQ(Log(), "+a +b -a +c -b");
  Pass(1);
  EXPECT_EQ(finished_, 1);
}

TEST_F(JobPoolTest, OneAtATimeInALane) {
  Add("a", 2, LanesOf(Leg::kInbound));
  Add("b", 1, LanesOf(Leg::kInbound));
  Add("c", 1, LanesOf(Leg::kAccess));
  Add("d", 1, LanesOf(Leg::kDelivery));
  Add("e", 1, LanesOf(Leg::kDns));
  Start({});
  EXPECT_EQ(Log(), "+a +c +e");
  Pass(1);
  EXPECT_EQ(Log(), "+a +c +e -c +d -e");
  Pass(1);
  EXPECT_EQ(Log(), "+a +c +e -c +d -e -a +b -d");
  Pass(1);
  EXPECT_EQ(finished_, 1);
}

TEST_F(JobPoolTest, ARunThatHadTheWholeTimeIsBlamedOneThatHadNotIsNot) {
  Add("a", 100, 1, 60);
  Add("b", 100, 2, 30);
  Add("c", 100, 2, 60);
  Start({.limit = absl::Seconds(40)});
  Pass(41);
  EXPECT_EQ(finished_, 1);
  EXPECT_EQ(Results(),
            "fail read_timeout; fail read_timeout; "
            "not_tested: the time was up after 40s; give more with --timeout");
}

TEST_F(JobPoolTest, StoppingCancelsWhatRunsAndStartsNothingMore) {
  Add("a", 1, 1);
  Add("b", 9, 2);
  Add("c", 9, 2);
  Start({});
  Pass(1);
  pool_->Stop("interrupted");
  pool_->Stop("again");
  loop_.Poll();
  EXPECT_EQ(Log(), "+a +b -a !b");
  EXPECT_EQ(finished_, 1);
  EXPECT_EQ(Results(), "pass; not_tested: interrupted; not_tested: interrupted");
}

// Does not stop when it is told to.
class DeafProbe : public agent::Probe {
 public:
  explicit DeafProbe(FakeClock& clock) : clock_(clock) {}

  Task<void> Run(agent::StepRecorder& run) override {
    run.Begin("banner");
    for (int i = 0; i < 100; ++i) {
      const absl::Status slept = co_await Nap();
      if (slept.ok()) co_return;
    }
  }

 private:
  // A run of its own, which no cancellation reaches.
  Task<absl::Status> Nap() {
    co_await boost::asio::this_coro::reset_cancellation_state(boost::asio::disable_cancellation());
    const absl::Status slept = co_await clock_.SleepFor(absl::Seconds(60));
    co_return slept;
  }

  FakeClock& clock_;
};

TEST_F(JobPoolTest, AProbeThatDoesNotStopIsLeftBehind) {
  const CheckSpec spec{.id = "a", .kind = "a", .timeout = absl::Minutes(5)};
  jobs_.push_back({spec, std::make_unique<DeafProbe>(clock_), 0});
  Start({.limit = absl::Seconds(10)});
  Pass(12);
  EXPECT_EQ(finished_, 0);
  Pass(2);
  EXPECT_EQ(finished_, 1);
  EXPECT_EQ(Results(), "not_tested: the time was up after 10s; give more with --timeout");
  Pass(60);
  EXPECT_EQ(finished_, 1);
}

TEST_F(JobPoolTest, TellsHowFarItIs) {
  Add("a", 1);
  Add("b", 3);
  std::vector<std::string> told;
  Start({.progress = [&told](const PoolProgress& progress) {
    told.push_back(Concat(progress.done, "/", progress.total, " ",
                          absl::ToInt64Seconds(progress.elapsed), "s ", Join(progress.running, ","),
                          progress.finished ? Concat(" ended ", progress.finished->kind) : ""));
  }});
  Pass(2);
  EXPECT_EQ(told.front(), "0/2 0s a,b");
  EXPECT_NE(std::ranges::find(told, "1/2 1s b ended a"), told.end()) << Join(told, "\n");
  EXPECT_EQ(told.back(), "1/2 2s b");
  Pass(1);
  EXPECT_EQ(told.back(), "2/2 3s  ended b");
}

TEST_F(JobPoolTest, NothingToDoIsDoneAtOnce) {
  Start({});
  EXPECT_EQ(finished_, 1);
  EXPECT_EQ(Results(), "");
}

}  // namespace
}  // namespace postwatch::cli
