#include "agent/uplink/collector_link.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "common/base/ids.h"
#include "common/base/text.h"
#include "common/wire/convert.h"
#include "tests/support/fake_clock.h"

namespace postwatch::agent {
namespace {

// One call as the collector sees it; the test plays the collector.
struct Call {
  MessageStreamEvents* events = nullptr;  // null once the agent has dropped the call
  std::vector<v1::AgentMessage> received;
  bool written_pending = false;
  bool finished = false;
};

class FakeStream : public MessageStream {
 public:
  explicit FakeStream(std::shared_ptr<Call> call) : call_(std::move(call)) {}
  ~FakeStream() override { call_->events = nullptr; }
  void Write(v1::AgentMessage message) override {
    EXPECT_FALSE(call_->written_pending) << "two writes in flight";
    call_->written_pending = true;
    call_->received.push_back(std::move(message));
  }
  void Finish() override { call_->finished = true; }

 private:
  std::shared_ptr<Call> call_;
};

class RecordingOwner : public LinkOwner {
 public:
  void OnAssignment(const v1::Assignment& assignment) override {
    versions.push_back(assignment.version());
  }
  void OnRunNow(const v1::RunNow& request) override { requests.push_back(request.id()); }
  Health TakeHealth() override { return health; }

  std::vector<uint64_t> versions;
  std::vector<std::string> requests;
  Health health;
};

class CollectorLinkTest : public testing::Test {
 protected:
  CollectorLinkTest() {
    spool_ = *Spool::Open(":memory:", {}, clock_);
    LinkIdentity identity{{"a1", "eu", "z", "AS64500", "192.0.2.53:53"}, "1.0", "boot", {"dns.mx"}};
    link_ = std::make_unique<CollectorLink>(
        loop_.io().get_executor(), clock_, *spool_,
        [this](MessageStreamEvents& events) {
          calls_.push_back(std::make_shared<Call>());
          calls_.back()->events = &events;
          return std::make_unique<FakeStream>(calls_.back());
        },
        identity, owner_);
  }
  ~CollectorLinkTest() override {
    link_.reset();
    clock_.Advance(absl::Minutes(5));  // lets the link's coroutines see that it is gone
  }

  Call& call() { return *calls_.back(); }

  // Lets every write of the agent go through.
  void Flush() {
    while (call().written_pending && call().events != nullptr) {
      call().written_pending = false;
      call().events->OnWritten();
    }
  }
  void Send(const v1::CollectorMessage& message) {
    ASSERT_NE(call().events, nullptr);
    call().events->OnMessage(message);
    Flush();
  }
  void Welcome(uint64_t acknowledged) {
    v1::CollectorMessage m;
    m.mutable_welcome()->set_acknowledged(acknowledged);
    Flush();
    Send(m);
  }
  void Ack(uint64_t sequence) {
    v1::CollectorMessage m;
    m.mutable_ack()->set_sequence(sequence);
    Send(m);
  }
  void Close(const absl::Status& status) {
    ASSERT_NE(call().events, nullptr);
    call().events->OnClosed(status);
    loop_.Poll();
  }
  void Spool(int count) {
    for (int i = 0; i < count; ++i) {
      Observation o;
      o.id = RandomId();
      o.check_id = Concat("c", spool_->last_sequence() + 1);
      o.kind = "dns.mx";
      ASSERT_TRUE(spool_->Append({o}).ok());
    }
    link_->Wake();
    if (!calls_.empty()) Flush();
  }
  // "first+count" of every batch on the latest call.
  std::vector<std::string> Batches() {
    std::vector<std::string> texts;
    for (const auto& m : call().received) {
      if (m.has_batch()) {
        texts.push_back(Concat(m.batch().first_sequence(), "+", m.batch().observations_size()));
      }
    }
    return texts;
  }
  void Start() {
    link_->Start();
    loop_.Poll();
  }

  TestLoop loop_;
  FakeClock clock_{&loop_};
  std::unique_ptr<postwatch::agent::Spool> spool_;
  RecordingOwner owner_;
  std::vector<std::shared_ptr<Call>> calls_;
  std::unique_ptr<CollectorLink> link_;
};

using Texts = std::vector<std::string>;

TEST_F(CollectorLinkTest, SaysHelloFirstAndNothingElseBeforeTheWelcome) {
  Start();
  Spool(3);
  Flush();
  clock_.Advance(absl::Seconds(6));
  ASSERT_EQ(call().received.size(), 1u);
  const v1::Hello& hello = call().received[0].hello();
  EXPECT_EQ(hello.agent(), "a1");
  EXPECT_EQ(hello.region(), "eu");
  EXPECT_EQ(hello.network(), "AS64500");
  EXPECT_EQ(hello.boot_id(), "boot");
  EXPECT_EQ(hello.spool_id(), spool_->id());
  EXPECT_EQ(hello.probe_kinds(0), "dns.mx");
  EXPECT_FALSE(link_->connected());
}

TEST_F(CollectorLinkTest, SendsTheSpoolAfterTheWelcomeAndForgetsWhatIsAcknowledged) {
  Start();
  Spool(70);
  Welcome(0);
  EXPECT_TRUE(link_->connected());
  EXPECT_EQ(Batches(), (Texts{"1+64", "65+6"}));
  Ack(64);
  EXPECT_EQ(spool_->count(), 6u);
  Ack(70);
  EXPECT_EQ(spool_->count(), 0u);
  EXPECT_EQ(link_->counters().acknowledged, 70u);
}

TEST_F(CollectorLinkTest, AtMostFourBatchesAreUnacknowledged) {
  Start();
  Spool(64 * 6);
  Welcome(0);
  EXPECT_EQ(Batches().size(), 4u);
  Ack(64);
  EXPECT_EQ(Batches().size(), 5u);
  Ack(64 * 3);
  EXPECT_EQ(Batches().size(), 6u);
}

TEST_F(CollectorLinkTest, AWriteWaitsForTheOneBefore) {
  Start();
  Welcome(0);
  const size_t before = call().received.size();
  Observation o;
  o.id = RandomId();
  o.check_id = "c";
  o.kind = "k";
  ASSERT_TRUE(spool_->Append({o}).ok());
  link_->Wake();
  ASSERT_TRUE(spool_->Append({o}).ok());
  link_->Wake();
  EXPECT_EQ(call().received.size(), before + 1);
  Flush();
  EXPECT_EQ(Batches(), (Texts{"1+1", "2+1"}));
}

TEST_F(CollectorLinkTest, AfterAReconnectItResendsFromWhatTheCollectorHas) {
  Start();
  Spool(10);
  Welcome(0);
  EXPECT_EQ(Batches(), Texts{"1+10"});
  Close(absl::UnavailableError("gone"));
  EXPECT_FALSE(link_->connected());
  clock_.Advance(absl::Seconds(1));
  ASSERT_EQ(calls_.size(), 2u);
  Welcome(7);
  EXPECT_EQ(Batches(), Texts{"8+3"});
  EXPECT_EQ(spool_->count(), 3u);
}

TEST_F(CollectorLinkTest, WaitsBetweenTriesAreCappedAtFifteenSeconds) {
  Start();
  for (int i = 0; i < 20; ++i) {
    const size_t before = calls_.size();
    Close(absl::UnavailableError("away"));
    EXPECT_EQ(calls_.size(), before);  // never at once
    clock_.Advance(absl::Seconds(15));
    EXPECT_EQ(calls_.size(), before + 1);
  }
  EXPECT_EQ(link_->counters().disconnects, 20u);
}

TEST_F(CollectorLinkTest, ASecondWelcomeSendsNothingTwice) {
  Start();
  Spool(2);
  Welcome(0);
  v1::CollectorMessage again;
  again.mutable_welcome()->set_acknowledged(0);
  Send(again);
  EXPECT_EQ(Batches(), Texts{"1+2"});
  EXPECT_EQ(link_->counters().bad_messages, 1u);
  EXPECT_TRUE(link_->connected());
}

TEST_F(CollectorLinkTest, AWelcomeForWhatWasNeverSentLosesNothing) {
  Start();
  Spool(2);
  const std::string id = spool_->id();
  Welcome(50);
  EXPECT_FALSE(link_->connected());
  EXPECT_EQ(spool_->count(), 2u);
  EXPECT_NE(spool_->id(), id);
  clock_.Advance(absl::Seconds(1));
  ASSERT_EQ(calls_.size(), 2u);
  EXPECT_EQ(call().received[0].hello().spool_id(), spool_->id());
  Welcome(0);
  EXPECT_EQ(Batches(), Texts{"1+2"});
}

TEST_F(CollectorLinkTest, AnAckOfWhatWasNeverSentEndsTheStreamAndForgetsNothing) {
  Start();
  Spool(2);
  Welcome(0);
  v1::CollectorMessage m;
  m.mutable_ack()->set_sequence(3);
  call().events->OnMessage(m);
  EXPECT_EQ(call().events, nullptr);
  EXPECT_EQ(spool_->count(), 2u);
  EXPECT_EQ(link_->counters().bad_messages, 1u);
}

TEST_F(CollectorLinkTest, AnAckBeforeTheWelcomeEndsTheStream) {
  Start();
  Spool(2);
  v1::CollectorMessage m;
  m.mutable_ack()->set_sequence(0);
  call().events->OnMessage(m);
  EXPECT_EQ(call().events, nullptr);
}

TEST_F(CollectorLinkTest, HeartbeatsComeEveryFiveSecondsWithTheAgentsHealth) {
  owner_.health = {absl::Milliseconds(3), 77, {std::string(600, 'p')}};
  Start();
  Spool(1);
  Welcome(0);
  size_t beats = 0;
  for (int i = 0; i < 3; ++i) {
    clock_.Advance(absl::Seconds(5));
    Flush();
  }
  v1::Heartbeat last;
  for (const auto& m : call().received) {
    if (m.has_heartbeat()) {
      ++beats;
      last = m.heartbeat();
    }
  }
  EXPECT_EQ(beats, 4u);  // one with the Welcome
  EXPECT_EQ(last.spooled(), 1u);
  EXPECT_EQ(last.assignment_version(), 77u);
  EXPECT_EQ(*FromProto(last.agent_time()), clock_.Now());
  EXPECT_EQ(*FromProto(last.loop_lag()), absl::Milliseconds(3));
  EXPECT_EQ(last.problems(0).size(), 512u);
}

TEST_F(CollectorLinkTest, NoWelcomeWithinTwentySecondsMeansAnotherTry) {
  Start();
  Flush();
  clock_.Advance(absl::Seconds(20));
  EXPECT_EQ(calls_.size(), 1u);
  clock_.Advance(absl::Seconds(6));
  EXPECT_EQ(calls_.size(), 2u);
}

TEST_F(CollectorLinkTest, NoAckWithinTwoMinutesMeansAnotherTry) {
  Start();
  Spool(1);
  Welcome(0);
  for (int i = 0; i < 24; ++i) {
    clock_.Advance(absl::Seconds(5));
    Flush();
  }
  EXPECT_EQ(calls_.size(), 1u);
  clock_.Advance(absl::Seconds(6));
  EXPECT_EQ(calls_.size(), 2u);
}

TEST_F(CollectorLinkTest, AssignmentsAndRunNowReachTheAgent) {
  Start();
  Welcome(0);
  v1::CollectorMessage m;
  m.mutable_assignment()->set_version(9);
  Send(m);
  m.mutable_run_now()->set_id("r1");
  Send(m);
  EXPECT_EQ(owner_.versions, std::vector<uint64_t>{9});
  EXPECT_EQ(owner_.requests, Texts{"r1"});
}

TEST_F(CollectorLinkTest, MessagesOutOfBoundsDoNotReachTheAgent) {
  Start();
  Welcome(0);
  v1::CollectorMessage m;
  for (int i = 0; i < 10'001; ++i) m.mutable_assignment()->add_checks();
  call().events->OnMessage(m);
  EXPECT_EQ(call().events, nullptr);
  clock_.Advance(absl::Seconds(2));
  Welcome(0);
  v1::CollectorMessage run;
  run.mutable_run_now()->set_id("r");
  for (int i = 0; i < 65; ++i) run.mutable_run_now()->add_check_ids("c");
  call().events->OnMessage(run);
  EXPECT_EQ(call().events, nullptr);
  EXPECT_TRUE(owner_.versions.empty());
  EXPECT_TRUE(owner_.requests.empty());
  EXPECT_EQ(link_->counters().bad_messages, 2u);
}

TEST_F(CollectorLinkTest, ADrainEndsTheStreamAfterTheWriteInFlight) {
  Start();
  Spool(1);
  Flush();
  v1::CollectorMessage welcome;
  welcome.mutable_welcome();
  call().events->OnMessage(welcome);  // the heartbeat is now being written
  v1::CollectorMessage m;
  *m.mutable_drain()->mutable_reconnect_after() = ToProto(absl::Seconds(10));
  call().events->OnMessage(m);
  EXPECT_NE(call().events, nullptr);
  Flush();
  EXPECT_EQ(call().events, nullptr);
  clock_.Advance(absl::Milliseconds(9900));
  EXPECT_EQ(calls_.size(), 1u);
  clock_.Advance(absl::Milliseconds(5200));
  EXPECT_EQ(calls_.size(), 2u);
}

TEST_F(CollectorLinkTest, ARefusedObservationIsFoundAndDroppedTheOthersArrive) {
  Start();
  Spool(3);  // 2 is the bad one
  Welcome(0);
  Close(absl::InvalidArgumentError("observation.kind"));
  clock_.Advance(absl::Seconds(2));
  Welcome(0);
  EXPECT_EQ(Batches(), Texts{"1+1"});
  Ack(1);
  EXPECT_EQ(Batches(), (Texts{"1+1", "2+1"}));
  Close(absl::InvalidArgumentError("observation.kind"));
  EXPECT_EQ(link_->counters().refused, 1u);
  EXPECT_EQ(spool_->dropped(), 1u);
  clock_.Advance(absl::Seconds(4));
  Welcome(1);
  EXPECT_EQ(Batches(), Texts{"3+1"});
  Ack(3);
  EXPECT_EQ(spool_->count(), 0u);
  Spool(2);  // back to full batches: the first goes at once
  Spool(2);
  EXPECT_EQ(link_->counters().acknowledged, 2u);
}

TEST_F(CollectorLinkTest, AfterThePatienceCodesItWaitsAtLeastFiveSeconds) {
  Start();
  Close(absl::UnauthenticatedError("not your name"));
  clock_.Advance(absl::Milliseconds(4900));
  EXPECT_EQ(calls_.size(), 1u);
  clock_.Advance(absl::Milliseconds(5200));
  EXPECT_EQ(calls_.size(), 2u);
}

TEST_F(CollectorLinkTest, ANewSpoolIdMeansANewHello) {
  Start();
  Welcome(0);
  ASSERT_TRUE(spool_->RenewId().ok());
  Spool(1);
  EXPECT_EQ(call().events, nullptr);
  clock_.Advance(absl::Seconds(1));
  ASSERT_EQ(calls_.size(), 2u);
  EXPECT_EQ(call().received[0].hello().spool_id(), spool_->id());
}

TEST_F(CollectorLinkTest, DrainingWaitsForTheAcknowledgements) {
  Start();
  Spool(1);
  Welcome(0);
  bool done = false;
  boost::asio::co_spawn(loop_.io(), link_->Drain(absl::Seconds(3)),
                        [&done](std::exception_ptr) { done = true; });
  clock_.Advance(absl::Milliseconds(100));
  EXPECT_FALSE(call().finished);
  Ack(1);
  clock_.Advance(absl::Milliseconds(50));
  EXPECT_TRUE(call().finished);
  Close(absl::OkStatus());
  clock_.Advance(absl::Milliseconds(50));
  EXPECT_TRUE(done);
  clock_.Advance(absl::Minutes(1));
  EXPECT_EQ(calls_.size(), 1u);
}

TEST_F(CollectorLinkTest, DrainingGivesUpAtItsLimit) {
  Start();
  Spool(1);
  Welcome(0);
  bool done = false;
  boost::asio::co_spawn(loop_.io(), link_->Drain(absl::Seconds(3)),
                        [&done](std::exception_ptr) { done = true; });
  clock_.Advance(absl::Milliseconds(4200));
  EXPECT_TRUE(done);
  EXPECT_EQ(spool_->count(), 1u);
}

}  // namespace
}  // namespace postwatch::agent
