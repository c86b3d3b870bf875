#include "agent/uplink/collector_link.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "common/wire/convert.h"
#include "tests/unit/agent/uplink/link_fixture.h"

namespace postwatch::agent {
namespace {

using CollectorLinkTest = LinkFixture;

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

TEST_F(CollectorLinkTest, NumbersAProcessBeforeUsedUpAreNotGivenToOtherObservations) {
  // It sent up to 5 from memory, on a full disk; the file knows of none of them.
  Start();
  Spool(8);
  const std::string id = spool_->id();
  Welcome(5);
  EXPECT_FALSE(link_->connected());
  EXPECT_EQ(spool_->count(), 8u) << "1 to 5 are other observations than those acknowledged";
  EXPECT_NE(spool_->id(), id);
  clock_.Advance(absl::Seconds(1));
  Welcome(0);
  EXPECT_EQ(Batches(), Texts{"1+8"});
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
  m.mutable_share()->set_agents(5);
  m.mutable_share()->set_position(4);
  Send(m);
  EXPECT_EQ(owner_.shares, (std::vector<FleetShare>{{.agents = 5, .position = 4}}));
}

TEST_F(CollectorLinkTest, TheFleetsKeyComesWithTheWelcome) {
  Start();
  Welcome(0);
  EXPECT_EQ(owner_.fleet_keys, Texts{});
  Close(absl::UnavailableError("gone"));
  clock_.Advance(absl::Seconds(15));
  v1::CollectorMessage m;
  m.mutable_welcome()->set_fleet_key("k");
  Flush();
  Send(m);
  EXPECT_EQ(owner_.fleet_keys, Texts{"k"});
  EXPECT_TRUE(link_->connected());
}

TEST_F(CollectorLinkTest, AKeyOutOfBoundsEndsTheStream) {
  Start();
  v1::CollectorMessage m;
  m.mutable_welcome()->set_fleet_key(std::string(1025, 'k'));
  Flush();
  Send(m);
  EXPECT_EQ(owner_.fleet_keys, Texts{});
  EXPECT_FALSE(link_->connected());
  EXPECT_EQ(link_->counters().bad_messages, 1u);
}

TEST_F(CollectorLinkTest, AShareOutOfBoundsDoesNotReachTheAgent) {
  for (const auto& [agents, position] :
       std::vector<std::pair<uint32_t, uint32_t>>{{0, 0}, {3, 3}, {100'001, 0}}) {
    clock_.Advance(absl::Seconds(20));
    if (calls_.empty()) Start();
    Welcome(0);
    v1::CollectorMessage m;
    m.mutable_share()->set_agents(agents);
    m.mutable_share()->set_position(position);
    call().events->OnMessage(m);
    EXPECT_EQ(call().events, nullptr) << agents;
  }
  EXPECT_TRUE(owner_.shares.empty());
}

TEST_F(CollectorLinkTest, MessagesOutOfBoundsDoNotReachTheAgent) {
  Start();
  Welcome(0);
  v1::CollectorMessage m;
  for (int i = 0; i < 50'001; ++i) m.mutable_assignment()->add_checks();
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
