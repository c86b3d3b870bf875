#include "agent/uplink/link_messages.h"

#include "common/wire/convert.h"
#include "common/wire/protocol.h"
#include "tests/unit/agent/uplink/link_fixture.h"

namespace postwatch::agent {
namespace {

using LinkMessagesTest = LinkFixture;

TEST_F(LinkMessagesTest, SaysHelloFirstAndNothingElseBeforeTheWelcome) {
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

TEST_F(LinkMessagesTest, HeartbeatsComeEveryFiveSecondsWithTheAgentsHealth) {
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

// What a field of a newer version is to this one.
void AddNewField(google::protobuf::Message& message) {
  message.GetReflection()->MutableUnknownFields(&message)->AddLengthDelimited(999, "new");
}

TEST_F(LinkMessagesTest, ACollectorOneVersionAheadIsUnderstood) {
  Start();
  Spool(2);
  EXPECT_EQ(call().received[0].hello().protocol(), kProtocolVersion);
  v1::CollectorMessage message;
  message.mutable_welcome()->set_protocol(kProtocolVersion + 1);
  AddNewField(*message.mutable_welcome());
  AddNewField(message);
  Flush();
  Send(message);
  EXPECT_TRUE(link_->connected());
  v1::CollectorMessage of_a_new_kind;
  AddNewField(of_a_new_kind);
  Send(of_a_new_kind);
  v1::CollectorMessage assignment;
  assignment.mutable_assignment()->set_version(5);
  AddNewField(*assignment.mutable_assignment());
  Send(assignment);
  EXPECT_EQ(owner_.versions, std::vector<uint64_t>{5});
  Ack(2);
  EXPECT_EQ(spool_->count(), 0u);
  EXPECT_EQ(calls_.size(), 1u) << "the stream stays";
}

TEST_F(LinkMessagesTest, ACollectorTooFarAheadGetsNothingAndIsTriedAgain) {
  Start();
  Spool(2);
  v1::CollectorMessage message;
  message.mutable_welcome()->set_protocol(kProtocolVersion + 2);
  Flush();
  Send(message);
  EXPECT_FALSE(link_->connected());
  EXPECT_EQ(call().received.size(), 1u);
  EXPECT_EQ(spool_->count(), 2u);
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(calls_.size(), 2u);
}

TEST(LinkMessages, OfManyProblemsTheFirstAreTold) {
  FakeClock clock;
  const auto spool = *Spool::Open(":memory:", {}, clock);
  LinkOwner::Health health;
  health.problems = std::vector<std::string>(40, "p");
  EXPECT_EQ(MakeHeartbeat(health, *spool, clock.Now()).heartbeat().problems_size(), 32);
}

}  // namespace
}  // namespace postwatch::agent
