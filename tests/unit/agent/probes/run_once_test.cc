#include <gmock/gmock.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <stdexcept>

#include "tests/support/probe_fixture.h"

namespace postwatch::agent {
namespace {

// Does what the test says.
class PlayedProbe : public Probe {
 public:
  explicit PlayedProbe(EventClock& clock) : clock_(clock) {}

  Task<void> Run(StepRecorder& run) override {
    run.Begin("dns");
    const absl::Status first = co_await clock_.SleepFor(dns);
    run.Begin(second_step);
    const absl::Status second = co_await clock_.SleepFor(rest);
    if (throws) throw std::runtime_error("a bug");
    run.Begin("quit");
    if (!second.ok() && !quiet) run.Fail(FailureClass::kTcpReset, "what the cancelled probe says");
    unwound = true;
  }

  std::vector<Observation> TakeAmendments() override { return std::move(amendments); }

  std::string second_step = "tls";
  absl::Duration dns = absl::Seconds(2);
  absl::Duration rest = absl::Seconds(3);
  bool throws = false;
  bool quiet = false;  // says nothing when it is cancelled
  bool unwound = false;
  std::vector<Observation> amendments;

 private:
  EventClock& clock_;
};

class RunOnceTest : public ProbeFixture {
 protected:
  CheckSpec spec_ = Spec("smtp.mx", Keys({}));
  PlayedProbe probe_{clock_};
};

TEST_F(RunOnceTest, PassesAndEndsTheDeadline) {
  const Observation seen = RunAll(probe_, spec_).front();
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(seen.took, absl::Seconds(5));
  EXPECT_EQ(clock_.sleepers(), 0u);
}

TEST_F(RunOnceTest, BlamesTheStepThatRanAndKeepsTheFinishedOnes) {
  probe_.rest = absl::Minutes(10);
  const Observation seen = RunAll(probe_, spec_).front();
  EXPECT_EQ(Summary(seen), "fail tls_timeout at tls");
  EXPECT_EQ(seen.failure->detail, "timeout while tls: the run was not done within 30s");
  ASSERT_EQ(StepsText(seen), "dns tls");
  EXPECT_EQ(seen.steps[0].took, absl::Seconds(2));
  EXPECT_EQ(seen.steps[1].took, absl::Seconds(28));
  EXPECT_EQ(seen.took, absl::Seconds(30));
  EXPECT_TRUE(probe_.unwound);
}

TEST_F(RunOnceTest, TheClassFollowsTheStep) {
  probe_.rest = absl::Minutes(10);
  const std::pair<const char*, const char*> cases[] = {{"dns", "dns_timeout"},
                                                       {"connect", "tcp_timeout"},
                                                       {"tls", "tls_timeout"},
                                                       {"banner", "read_timeout"},
                                                       {"delivery", "delivery_delayed"}};
  for (const auto& [step, klass] : cases) {
    probe_.second_step = step;
    EXPECT_EQ(Summary(RunAll(probe_, spec_).front()), std::string("fail ") + klass + " at " + step);
  }
}

TEST_F(RunOnceTest, AProbeThatThrowsSaysNothingAboutTheTarget) {
  probe_.throws = true;
  EXPECT_EQ(Summary(RunAll(probe_, spec_).front()), "not_tested: the probe broke off: a bug");
}

TEST_F(RunOnceTest, AmendmentsFollowTheObservation) {
  Observation late;
  late.amends = "earlier";
  probe_.amendments = {late};
  const std::vector<Observation> seen = RunAll(probe_, spec_);
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_EQ(seen[0].amends, "");
  EXPECT_EQ(seen[1].amends, "earlier");
}

TEST_F(RunOnceTest, ACancelledRunIsNoPass) {
  probe_.quiet = true;
  boost::asio::io_context io;
  boost::asio::cancellation_signal stop;
  std::vector<Observation> seen;
  boost::asio::co_spawn(
      io, RunOnce(probe_, spec_, clock_),
      boost::asio::bind_cancellation_slot(
          stop.slot(), [&seen](std::exception_ptr error, std::vector<Observation> result) {
            EXPECT_EQ(error, nullptr);
            seen = std::move(result);
          }));
  io.poll();
  stop.emit(boost::asio::cancellation_type::terminal);
  io.restart();
  io.poll();
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(Summary(seen[0]), "not_tested: the run was cancelled");
  EXPECT_EQ(clock_.sleepers(), 0u);
  EXPECT_TRUE(probe_.unwound);
}

}  // namespace
}  // namespace postwatch::agent
