#include "agent/uplink/link_messages.h"

#include "common/wire/convert.h"
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

TEST(LinkMessages, OfManyProblemsTheFirstAreTold) {
  FakeClock clock;
  const auto spool = *Spool::Open(":memory:", {}, clock);
  LinkOwner::Health health;
  health.problems = std::vector<std::string>(40, "p");
  EXPECT_EQ(MakeHeartbeat(health, *spool, clock.Now()).heartbeat().problems_size(), 32);
}

}  // namespace
}  // namespace postwatch::agent
