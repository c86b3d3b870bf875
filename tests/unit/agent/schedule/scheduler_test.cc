#include "agent/schedule/scheduler.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <stdexcept>

#include "common/base/text.h"
#include "tests/support/fake_clock.h"

namespace postwatch::agent {
namespace {

// What one fake check does when it runs.
struct Behaviour {
  absl::Duration takes;
  std::optional<FailureClass> fails;
  bool throws = false;
};

struct World {
  FakeClock* clock = nullptr;
  std::map<std::string, Behaviour> behaviours;
  std::map<std::string, int> made;
  std::map<std::string, int> runs;
  int at_once = 0;
  int most_at_once = 0;
};
World* world = nullptr;  // RunFake is a plain function, as RunOnce is

class IdleProbe : public Probe {
 public:
  Task<void> Run(StepRecorder&) override { co_return; }
};

Task<std::vector<Observation>> RunFake(Probe&, const CheckSpec& spec, EventClock&) {
  const Behaviour behaviour = world->behaviours[spec.id];
  ++world->runs[spec.id];
  world->most_at_once = std::max(world->most_at_once, ++world->at_once);
  const absl::Status slept = co_await world->clock->SleepFor(behaviour.takes);
  --world->at_once;
  if (behaviour.throws) throw std::runtime_error("no");
  std::vector<Observation> seen(2);
  seen[0].check_id = spec.id;
  seen[1].check_id = spec.id;
  seen[1].amends = "an earlier one";
  if (behaviour.fails.has_value()) {
    seen[0].outcome = Outcome::kFail;
    seen[0].failure = Failure{*behaviour.fails, "auth", "", std::nullopt};
  }
  co_return seen;
}

CheckSpec Spec(const std::string& id, absl::Duration interval = absl::Minutes(1)) {
  CheckSpec spec;
  spec.id = id;
  spec.kind = id.substr(0, 3) == "bad" ? "unknown" : "k";
  spec.interval = interval;
  return spec;
}

class SchedulerTest : public testing::Test {
 protected:
  SchedulerTest() {
    world_.clock = &clock_;
    world = &world_;
    SchedulerActions& actions = actions_;
    actions.make = [this](const CheckSpec& spec) -> absl::StatusOr<std::unique_ptr<Probe>> {
      if (spec.kind == "unknown") return absl::NotFoundError("no probe kind 'unknown'");
      ++world_.made[spec.id];
      return std::make_unique<IdleProbe>();
    };
    actions.run = &RunFake;
    actions.report = [this](std::vector<Observation> seen) {
      for (Observation& o : seen) reported_.push_back(std::move(o));
    };
    actions.credential_mark = [this](const CheckSpec&) { return credential_; };
    scheduler_ = Make();
  }
  ~SchedulerTest() override {
    scheduler_.reset();
    clock_.Advance(absl::Minutes(5));
    world = nullptr;
  }
  std::unique_ptr<Scheduler> Make() {
    return std::make_unique<Scheduler>(loop_.io().get_executor(), clock_, SchedulerOptions{"a1", 2},
                                       actions_);
  }
  // Another scheduler in place of the one that was stopped.
  void Succeed(const std::vector<CheckSpec>& checks) {
    const ScheduleState state = scheduler_->State();
    scheduler_ = Make();
    scheduler_->TakeUp(state);
    scheduler_->Assign(checks);
  }
  void WindDown(absl::Duration patience, absl::Duration grace) {
    boost::asio::co_spawn(loop_.io(), scheduler_->WindDown(patience, grace),
                          [this](std::exception_ptr) { stopped_ = true; });
    loop_.Poll();
  }
  void Stop(absl::Duration grace) {
    boost::asio::co_spawn(loop_.io(), scheduler_->Stop(grace),
                          [this](std::exception_ptr) { stopped_ = true; });
    loop_.Poll();
  }

  TestLoop loop_;
  FakeClock clock_{&loop_};
  World world_;
  std::string credential_ = "first";
  std::vector<Observation> reported_;
  SchedulerActions actions_;
  std::unique_ptr<Scheduler> scheduler_;
  bool stopped_ = false;
};

TEST_F(SchedulerTest, RunsChecksAtTheirIntervalAndReportsWithAmendments) {
  scheduler_->Assign({Spec("c")});
  clock_.Advance(absl::Seconds(10));
  ASSERT_EQ(reported_.size(), 2u);
  EXPECT_EQ(reported_[0].run_request, "");
  EXPECT_EQ(reported_[1].amends, "an earlier one");
  clock_.Advance(absl::Minutes(59));
  EXPECT_GE(world_.runs["c"], 59);
  EXPECT_LE(world_.runs["c"], 61);
  EXPECT_EQ(world_.made["c"], 1);
}

TEST_F(SchedulerTest, HoldsTheLimitOfRunsAtOnce) {
  std::vector<CheckSpec> specs;
  for (int i = 0; i < 8; ++i) {
    specs.push_back(Spec(Concat("c", i)));
    world_.behaviours[specs.back().id].takes = absl::Seconds(3);
  }
  scheduler_->Assign(specs);
  clock_.Advance(absl::Seconds(30));
  EXPECT_EQ(world_.most_at_once, 2);
  EXPECT_EQ(world_.runs.size(), 8u);
}

TEST_F(SchedulerTest, ARequestRunsAtOnceUnderItsName) {
  scheduler_->Assign({Spec("c", absl::Hours(20))});
  clock_.Advance(absl::Seconds(11));
  reported_.clear();
  scheduler_->RunNow("r7", {"c", "unknown"});
  loop_.Poll();
  ASSERT_EQ(reported_.size(), 2u);
  EXPECT_EQ(reported_[0].run_request, "r7");
  EXPECT_EQ(reported_[1].run_request, "");
}

TEST_F(SchedulerTest, ACheckThatCannotBeMadeIsAProblemAndTheOthersRun) {
  scheduler_->Assign({Spec("bad"), Spec("c")});
  EXPECT_EQ(scheduler_->problems(), std::vector<std::string>{"bad: no probe kind 'unknown'"});
  EXPECT_EQ(scheduler_->checks(), 1u);
  clock_.Advance(absl::Seconds(11));
  EXPECT_EQ(world_.runs["c"], 1);
  scheduler_->Assign({Spec("c")});
  EXPECT_TRUE(scheduler_->problems().empty());
}

TEST_F(SchedulerTest, ACheckAssignedTwiceRunsOnce) {
  scheduler_->Assign({Spec("c"), Spec("c", absl::Minutes(5))});
  clock_.Advance(absl::Seconds(11));
  EXPECT_EQ(world_.runs["c"], 1);
  EXPECT_EQ(scheduler_->problems(),
            std::vector<std::string>{"c: is assigned twice; the first one runs"});
}

TEST_F(SchedulerTest, UnchangedChecksKeepTheirProbeChangedOnesGetANewOne) {
  scheduler_->Assign({Spec("a"), Spec("b")});
  scheduler_->Assign({Spec("a"), Spec("b", absl::Minutes(2))});
  EXPECT_EQ(world_.made["a"], 1);
  EXPECT_EQ(world_.made["b"], 2);
}

TEST_F(SchedulerTest, ARunSurvivesTheEndOfItsAssignment) {
  world_.behaviours["c"].takes = absl::Seconds(5);
  scheduler_->Assign({Spec("c")});
  clock_.Advance(absl::Seconds(10));
  if (scheduler_->running() == 0) clock_.Advance(absl::Seconds(60));
  scheduler_->RunNow("r", {"c"});
  loop_.Poll();
  ASSERT_EQ(scheduler_->running(), 1u);
  const size_t before = reported_.size();
  scheduler_->Assign({});
  clock_.Advance(absl::Seconds(6));
  EXPECT_EQ(reported_.size(), before + 2);
  EXPECT_EQ(scheduler_->running(), 0u);
}

TEST_F(SchedulerTest, ARejectedCredentialIsLeftAlone) {
  world_.behaviours["c"].fails = FailureClass::kSmtpAuthFailed;
  scheduler_->Assign({Spec("c")});
  clock_.Advance(absl::Minutes(60));
  EXPECT_LE(world_.runs["c"], 6);  // 60 without restraint
  EXPECT_GE(world_.runs["c"], 4);
}

TEST_F(SchedulerTest, ANewCredentialIsTriedAtOnce) {
  world_.behaviours["c"].fails = FailureClass::kSmtpAuthFailed;
  scheduler_->Assign({Spec("c", absl::Minutes(5))});
  clock_.Advance(absl::Minutes(15));
  const int tries = world_.runs["c"];
  clock_.Advance(absl::Minutes(5));
  ASSERT_EQ(world_.runs["c"], tries);  // it is held, for 30 minutes
  credential_ = "second";
  clock_.Advance(absl::Seconds(5));
  EXPECT_EQ(world_.runs["c"], tries + 1);
  clock_.Advance(absl::Minutes(4));
  EXPECT_EQ(world_.runs["c"], tries + 1);  // as wrong as the first, and looked at no more often
  world_.behaviours["c"].fails.reset();
  credential_ = "third";
  clock_.Advance(absl::Seconds(5));
  EXPECT_EQ(world_.runs["c"], tries + 2);
  credential_ = "fourth";  // nothing is held now
  clock_.Advance(absl::Minutes(1));
  EXPECT_EQ(world_.runs["c"], tries + 2);
}

TEST_F(SchedulerTest, WithoutACredentialThereIsNothingToLookAt) {
  credential_ = "";
  world_.behaviours["c"].fails = FailureClass::kSmtpAuthFailed;
  scheduler_->Assign({Spec("c", absl::Minutes(5))});
  clock_.Advance(absl::Minutes(20));
  const int tries = world_.runs["c"];
  credential_ = "first";
  clock_.Advance(absl::Minutes(1));
  EXPECT_EQ(world_.runs["c"], tries);
}

TEST_F(SchedulerTest, AProbeThatThrowsDoesNotStopTheOthers) {
  world_.behaviours["c"].throws = true;
  scheduler_->Assign({Spec("c"), Spec("d")});
  clock_.Advance(absl::Minutes(5));
  EXPECT_GE(world_.runs["c"], 4);
  EXPECT_GE(world_.runs["d"], 4);
  EXPECT_EQ(scheduler_->running(), 0u);
}

TEST_F(SchedulerTest, StopLetsARunEndWithinItsGrace) {
  world_.behaviours["c"].takes = absl::Seconds(3);
  scheduler_->Assign({Spec("c")});
  scheduler_->RunNow("r", {"c"});
  loop_.Poll();
  Stop(absl::Seconds(5));
  EXPECT_FALSE(stopped_);
  clock_.Advance(absl::Seconds(4));
  EXPECT_TRUE(stopped_);
  EXPECT_EQ(reported_.size(), 2u);
  clock_.Advance(absl::Minutes(10));
  EXPECT_EQ(world_.runs["c"], 1);
}

TEST_F(SchedulerTest, StopCancelsWhatTakesLongerAndDropsItsReport) {
  world_.behaviours["c"].takes = absl::Minutes(9);
  scheduler_->Assign({Spec("c")});
  scheduler_->RunNow("r", {"c"});
  loop_.Poll();
  Stop(absl::Seconds(1));
  clock_.Advance(absl::Seconds(2));
  EXPECT_TRUE(stopped_);
  EXPECT_TRUE(reported_.empty());
  EXPECT_EQ(scheduler_->running(), 0u);
}

TEST_F(SchedulerTest, WindingDownLetsALongRunEndWhileQuickChecksGoOn) {
  world_.behaviours["slow"].takes = absl::Seconds(20);
  scheduler_->Assign({Spec("slow", absl::Hours(1)), Spec("quick", absl::Seconds(2))});
  clock_.Advance(absl::Seconds(40));
  scheduler_->RunNow("r", {"slow"});
  loop_.Poll();
  ASSERT_EQ(scheduler_->running(), 1u);
  const int before = world_.runs["quick"];
  const size_t told = reported_.size();
  WindDown(absl::Seconds(30), absl::Seconds(5));
  scheduler_->RunNow("s", {"slow"});  // waits for the successor
  clock_.Advance(absl::Seconds(19));
  EXPECT_FALSE(stopped_);
  EXPECT_GE(world_.runs["quick"], before + 8);
  clock_.Advance(absl::Seconds(2));
  EXPECT_TRUE(stopped_);
  EXPECT_GE(reported_.size(), told + 2u * 9u);
  const int runs = world_.runs["quick"], slow = world_.runs["slow"];
  clock_.Advance(absl::Minutes(5));
  EXPECT_EQ(world_.runs["quick"], runs);
  Succeed({Spec("slow", absl::Hours(1)), Spec("quick", absl::Seconds(2))});
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(world_.runs["slow"], slow + 1);
}

TEST_F(SchedulerTest, WhatOutlastsAllPatienceIsCancelledAndDueForTheSuccessor) {
  world_.behaviours["c"].takes = absl::Minutes(9);
  const std::vector<CheckSpec> checks = {Spec("c", absl::Hours(5))};
  scheduler_->Assign(checks);
  scheduler_->RunNow("r", {"c"});
  loop_.Poll();
  WindDown(absl::Seconds(30), absl::Seconds(5));
  clock_.Advance(absl::Seconds(34));
  EXPECT_FALSE(stopped_);
  clock_.Advance(absl::Seconds(2));
  EXPECT_TRUE(stopped_);
  EXPECT_TRUE(reported_.empty());
  Succeed(checks);
  loop_.Poll();
  EXPECT_EQ(world_.runs["c"], 2);
}

TEST_F(SchedulerTest, AfterAWindDownInVainItGoesOn) {
  world_.behaviours["c"].takes = absl::Minutes(9);
  scheduler_->Assign({Spec("c", absl::Hours(5)), Spec("d")});
  scheduler_->RunNow("r", {"c"});
  loop_.Poll();
  WindDown(absl::ZeroDuration(), absl::Seconds(1));
  clock_.Advance(absl::Seconds(3));
  ASSERT_TRUE(stopped_);
  scheduler_->Resume();
  loop_.Poll();
  EXPECT_EQ(world_.runs["c"], 2) << "what was cancelled";
  clock_.Advance(absl::Minutes(10));
  EXPECT_EQ(reported_.size() % 2, 0u);
  EXPECT_GE(world_.runs["d"], 9);
  EXPECT_EQ(reported_.size(), 2u * static_cast<size_t>(world_.runs["d"] + 1));
}

TEST_F(SchedulerTest, ASuccessorIsAsCarefulWithARejectedCredential) {
  world_.behaviours["c"].fails = FailureClass::kSmtpAuthFailed;
  scheduler_->Assign({Spec("c", absl::Minutes(5))});
  clock_.Advance(absl::Minutes(15));
  const int tries = world_.runs["c"];
  ASSERT_EQ(tries, 2);
  Stop(absl::Seconds(1));
  ASSERT_TRUE(stopped_);
  const ScheduleState state = scheduler_->State();
  EXPECT_EQ(state.checks[0].rejections, 2);
  EXPECT_GT(state.checks[0].held_until, clock_.Steady());
  Succeed({Spec("c", absl::Minutes(5))});
  clock_.Advance(absl::Minutes(10));
  EXPECT_EQ(world_.runs["c"], tries);
  credential_ = "second";
  clock_.Advance(absl::Seconds(5));
  EXPECT_EQ(world_.runs["c"], tries + 1);
  clock_.Advance(absl::Minutes(29));
  EXPECT_EQ(world_.runs["c"], tries + 2) << "the new one is the first again";
}

}  // namespace
}  // namespace postwatch::agent
