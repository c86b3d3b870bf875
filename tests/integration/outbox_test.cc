// The outbox with its real threads: order, retries, giving up, and sinks that hang.
#include "collector/alert/outbox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "common/base/text.h"
#include "tests/support/incident_samples.h"
#include "tests/support/shared_clock.h"

namespace postwatch::collector {
namespace {

using testing::UnorderedElementsAre;
using Words = std::vector<std::string>;

// A test that waits this long waits for something that never comes.
constexpr absl::Duration kPatience = absl::Seconds(20);

// Words that arrive from other threads.
class Journal {
 public:
  void Add(std::string word) {
    absl::MutexLock lock(&mutex_);
    words_.push_back(std::move(word));
  }
  // The words so far, once there are `count`.
  Words Await(size_t count) const {
    absl::MutexLock lock(&mutex_);
    const auto enough = [this, count] { return words_.size() >= count; };
    EXPECT_TRUE(mutex_.AwaitWithTimeout(absl::Condition(&enough), kPatience)) << "only got some";
    return words_;
  }

 private:
  mutable absl::Mutex mutex_;
  Words words_;
};

// Answers as told, by delivery id: the given statuses one after another, then OK.
struct Script {
  Journal sent;
  std::map<std::string, std::vector<absl::Status>> answers;
  absl::Duration refresh_every;
  absl::Notification* entered = nullptr;  // notified by the first Send, which then
  absl::Notification* leave = nullptr;    // waits for this
};

class ScriptedSink : public AlertSink {
 public:
  explicit ScriptedSink(Script& script) : script_(script) {}

  absl::Status Send(const Delivery& delivery) override {
    if (script_.entered != nullptr && !script_.entered->HasBeenNotified()) {
      script_.entered->Notify();
      script_.leave->WaitForNotification();
    }
    script_.sent.Add(delivery.id);
    std::vector<absl::Status>& answers = script_.answers[delivery.id];
    if (answers.empty()) return absl::OkStatus();
    absl::Status answer = answers.front();
    answers.erase(answers.begin());
    return answer;
  }
  absl::Duration RefreshEvery() const override { return script_.refresh_every; }
  absl::Status Refresh() override {
    script_.sent.Add("refresh");
    return absl::UnavailableError("down");  // logged, and tried again at the next turn
  }
  void Resume(const std::vector<Alert>& last_alerts) override {
    for (const Alert& alert : last_alerts) script_.sent.Add("resume " + alert.id);
  }

 private:
  Script& script_;
};

// "<incident>/<count>/<sink>", decided at noon.
Delivery Make(const std::string& incident, int count, const std::string& sink = "chat") {
  Incident sample = AccessOutage();
  sample.id = incident;
  return DeliveryOf(AlertOf(std::move(sample), AlertEvent::kOpened, count), sink);
}

class OutboxTest : public testing::Test {
 protected:
  void AddSink(const std::string& name, Script& script) {
    outbox->AddSink(name, std::make_unique<ScriptedSink>(script));
  }
  SinkCounters Counters(size_t sink = 0) const { return outbox->Counters().at(sink); }

  SharedClock clock;
  Script chat;
  Journal outcomes;  // "delivery settled error"
  absl::Mutex mutex;
  std::vector<absl::Duration> pauses ABSL_GUARDED_BY(mutex);
  std::unique_ptr<Outbox> outbox =
      std::make_unique<Outbox>(clock, [this](const DeliveryOutcome& outcome) {
        if (!outcome.settled) {
          absl::MutexLock lock(&mutex);
          pauses.push_back(outcome.retry_at - outcome.at);
        }
        outcomes.Add(
            Concat(outcome.delivery_id, outcome.settled ? " settled " : " open ", outcome.error));
      });
};

TEST_F(OutboxTest, DeliversInOrderAndRecordsIt) {
  AddSink("chat", chat);
  EXPECT_EQ(outbox->SinkNames(), Words{"chat"});
  outbox->Enqueue({Make("inc-a", 1), Make("inc-b", 1), Make("inc-a", 2)});
  EXPECT_EQ(outcomes.Await(3),
            (Words{"inc-a/1/chat settled ", "inc-b/1/chat settled ", "inc-a/2/chat settled "}));
  EXPECT_EQ(chat.sent.Await(3), (Words{"inc-a/1/chat", "inc-b/1/chat", "inc-a/2/chat"}));
  EXPECT_EQ(Counters().sink, "chat");
  EXPECT_EQ(Counters().delivered, 3u);
  EXPECT_EQ(Counters().failed_tries, 0u);
  EXPECT_EQ(Counters().waiting, 0u);
}

TEST_F(OutboxTest, WhatComesLaterNeverOvertakesWithinItsIncident) {
  chat.answers["inc-a/1/chat"] = {absl::UnavailableError("busy")};
  AddSink("chat", chat);
  outbox->Enqueue({Make("inc-a", 1), Make("inc-a", 2), Make("inc-b", 1)});
  EXPECT_EQ(outcomes.Await(2), (Words{"inc-a/1/chat open busy", "inc-b/1/chat settled "}));
  EXPECT_EQ(Counters().waiting, 2u);
  EXPECT_EQ(Counters().failed_tries, 1u);
  clock.Advance(absl::Seconds(2));
  outbox->Enqueue({Make("inc-c", 1)});
  outcomes.Await(5);
  EXPECT_EQ(chat.sent.Await(5), (Words{"inc-a/1/chat", "inc-b/1/chat", "inc-a/1/chat",
                                       "inc-a/2/chat", "inc-c/1/chat"}));
  EXPECT_EQ(Counters().delivered, 4u);
}

TEST_F(OutboxTest, PausesGrowWithTheFailuresAndStayBounded) {
  const std::vector<absl::Status> failures(12, absl::InternalError("no"));
  chat.answers["inc-a/1/chat"] = failures;
  AddSink("chat", chat);
  outbox->Enqueue({Make("inc-a", 1)});
  for (size_t tries = 1; tries <= failures.size(); ++tries) {
    outcomes.Await(2 * tries - 1);
    clock.Advance(absl::Minutes(5));
    outbox->Enqueue({Make(Concat("inc-nudge-", tries), 1)});
    outcomes.Await(2 * tries);
  }
  outcomes.Await(2 * failures.size() + 1);
  absl::MutexLock lock(&mutex);
  ASSERT_EQ(pauses.size(), failures.size());
  absl::Duration ceiling = absl::Seconds(2);
  for (const absl::Duration pause : pauses) {
    EXPECT_GE(pause, absl::Milliseconds(1));
    EXPECT_LE(pause, ceiling);
    ceiling = std::min<absl::Duration>(ceiling * 2, absl::Minutes(5));
  }
}

TEST_F(OutboxTest, WhatTheReceiverWillNeverTakeIsGivenUp) {
  chat.answers["inc-a/1/chat"] = {absl::InvalidArgumentError("bad URL")};
  chat.answers["inc-b/1/chat"] = {absl::FailedPreconditionError("gone")};
  AddSink("chat", chat);
  outbox->Enqueue({Make("inc-a", 1), Make("inc-b", 1), Make("inc-a", 2)});
  EXPECT_EQ(outcomes.Await(3), (Words{"inc-a/1/chat settled bad URL", "inc-b/1/chat settled gone",
                                      "inc-a/2/chat settled "}));
  EXPECT_EQ(Counters().given_up, 2u);
  EXPECT_EQ(Counters().failed_tries, 0u);
  EXPECT_EQ(Counters().waiting, 0u);
}

TEST_F(OutboxTest, AfterADayItIsNoNewsAnyMore) {
  chat.answers["inc-a/1/chat"] = {absl::UnavailableError("busy"), absl::UnavailableError("busy")};
  AddSink("chat", chat);
  clock.Advance(absl::Hours(24));
  outbox->Enqueue({Make("inc-a", 1)});
  EXPECT_EQ(outcomes.Await(1), Words{"inc-a/1/chat open busy"});
  clock.Advance(absl::Seconds(2));
  outbox->Enqueue({Make("inc-b", 1)});
  EXPECT_EQ(outcomes.Await(3), (Words{"inc-a/1/chat open busy", "inc-a/1/chat settled busy",
                                      "inc-b/1/chat settled "}));
  EXPECT_EQ(Counters().given_up, 1u);
}

TEST_F(OutboxTest, WhatIsNotDueWaits) {
  AddSink("chat", chat);
  Delivery later = Make("inc-a", 1);
  later.due = clock.Now() + absl::Hours(1);
  outbox->Enqueue({later, Make("inc-a", 2), Make("inc-b", 1)});
  EXPECT_EQ(outcomes.Await(1), Words{"inc-b/1/chat settled "});
  clock.Advance(absl::Hours(1));
  outbox->Enqueue({Make("inc-c", 1)});
  EXPECT_EQ(outcomes.Await(4)[1], "inc-a/1/chat settled ");
  EXPECT_EQ(outcomes.Await(4)[2], "inc-a/2/chat settled ");
}

TEST_F(OutboxTest, ASinkThatHangsDelaysNoOther) {
  Script pager;
  absl::Notification entered, leave;
  chat.entered = &entered;
  chat.leave = &leave;
  AddSink("chat", chat);
  AddSink("pager", pager);
  outbox->Enqueue({Make("inc-a", 1, "chat"), Make("inc-a", 1, "pager")});
  ASSERT_TRUE(entered.WaitForNotificationWithTimeout(kPatience));
  outbox->Enqueue({Make("inc-a", 2, "pager")});
  EXPECT_EQ(outcomes.Await(2), (Words{"inc-a/1/pager settled ", "inc-a/2/pager settled "}));
  EXPECT_EQ(Counters(0).delivered, 0u);
  EXPECT_EQ(Counters(1).delivered, 2u);
  leave.Notify();
  EXPECT_EQ(outcomes.Await(3)[2], "inc-a/1/chat settled ");
  outbox.reset();  // before the script that its thread uses
}

TEST_F(OutboxTest, ADeliveryForASinkThatIsGoneIsSettled) {
  AddSink("chat", chat);
  outbox->Enqueue({Make("inc-a", 1, "pager"), Make("inc-a", 1, "chat")});
  const Words words = outcomes.Await(2);
  EXPECT_EQ(words[0], "inc-a/1/pager settled no sink 'pager' is configured any more");
  EXPECT_EQ(words[1], "inc-a/1/chat settled ");
}

TEST_F(OutboxTest, AfterARestartTheSinkLearnsWhatIsOpenAndSendsWhatWaited) {
  AddSink("chat", chat);
  outbox->Resume({Make("inc-a", 3), Make("inc-a", 4)},
                 {AlertOf(AccessOutage(), AlertEvent::kReminder, 9)});
  EXPECT_EQ(chat.sent.Await(3),
            (Words{"resume inc-0123456789ab/9", "inc-a/3/chat", "inc-a/4/chat"}));
}

TEST_F(OutboxTest, StoppingEndsTheTryInProgressAndBeginsNoOther) {
  absl::Notification entered, leave;
  chat.entered = &entered;
  chat.leave = &leave;
  {
    SinkWorker worker(
        "chat", std::make_unique<ScriptedSink>(chat), clock,
        [this](const DeliveryOutcome& outcome) { outcomes.Add(outcome.delivery_id); },
        [] { return true; });
    worker.Enqueue(Make("inc-a", 1));
    worker.Enqueue(Make("inc-b", 1));
    ASSERT_TRUE(entered.WaitForNotificationWithTimeout(kPatience));
    worker.Stop();
    leave.Notify();
  }
  EXPECT_EQ(outcomes.Await(1), Words{"inc-a/1/chat"});
  EXPECT_EQ(chat.sent.Await(1), Words{"inc-a/1/chat"});
}

TEST_F(OutboxTest, NothingIsSentWhileItMayNotBe) {
  std::atomic<bool> may = true;
  absl::Notification entered, leave;
  chat.entered = &entered;
  chat.leave = &leave;
  SinkWorker worker(
      "chat", std::make_unique<ScriptedSink>(chat), clock,
      [this](const DeliveryOutcome& outcome) { outcomes.Add(outcome.delivery_id); },
      [&may] { return may.load(); });
  worker.Enqueue(Make("inc-a", 1));
  worker.Enqueue(Make("inc-b", 1));
  ASSERT_TRUE(entered.WaitForNotificationWithTimeout(kPatience));
  may = false;
  leave.Notify();
  EXPECT_EQ(outcomes.Await(1), Words{"inc-a/1/chat"});
  EXPECT_EQ(worker.Counters().waiting, 1u);
  may = true;
  EXPECT_EQ(outcomes.Await(2), (Words{"inc-a/1/chat", "inc-b/1/chat"}));
}

TEST_F(OutboxTest, AQueueThatIsFullKeepsWhatItHas) {
  absl::Notification entered, leave;
  chat.entered = &entered;
  chat.leave = &leave;
  AddSink("chat", chat);
  outbox->Enqueue({Make("inc-first", 1)});
  ASSERT_TRUE(entered.WaitForNotificationWithTimeout(kPatience));
  outbox->Enqueue(std::vector<Delivery>(10001, Make("inc-a", 1)));
  EXPECT_EQ(Counters().waiting, 10000u);
  leave.Notify();
  outcomes.Await(10001);
  EXPECT_EQ(Counters().delivered, 10001u);
}

TEST_F(OutboxTest, ASinkThatMustBeRemindedIs) {
  chat.refresh_every = absl::Minutes(1);
  AddSink("chat", chat);
  outbox->Enqueue({Make("inc-a", 1)});
  outcomes.Await(1);
  clock.Advance(absl::Minutes(1));
  outbox->Enqueue({Make("inc-b", 1)});
  EXPECT_THAT(chat.sent.Await(3), UnorderedElementsAre("inc-a/1/chat", "inc-b/1/chat", "refresh"));
  outbox->Enqueue({Make("inc-c", 1)});
  EXPECT_EQ(chat.sent.Await(4).back(), "inc-c/1/chat");
  clock.Advance(absl::Minutes(1));
  outbox->Enqueue({Make("inc-d", 1)});
  EXPECT_THAT(chat.sent.Await(6), UnorderedElementsAre("inc-a/1/chat", "inc-b/1/chat", "refresh",
                                                       "inc-c/1/chat", "inc-d/1/chat", "refresh"));
}

}  // namespace
}  // namespace postwatch::collector
