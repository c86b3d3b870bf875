#include "collector/ingest/hello.h"

#include <gtest/gtest.h>

#include "common/wire/convert.h"

namespace postwatch::collector {
namespace {

absl::Time Now() { return absl::FromUnixSeconds(1'700'000'000); }

const PeerIdentity kOwn{PeerRole::kAgent, "eu-west", "a1"};

v1::Hello Hello() {
  v1::Hello hello;
  hello.set_agent("a1");
  hello.set_region("eu-west");
  hello.set_zone("a");
  hello.set_network("AS64500");
  hello.set_resolver("192.0.2.53:53");
  hello.set_version("0.1.0");
  hello.set_boot_id("boot-1");
  hello.set_spool_id("spool-1");
  hello.add_probe_kinds("smtp.mx");
  return hello;
}

TEST(HelloTest, IsHeldAgainstTheCertificate) {
  EXPECT_TRUE(CheckHello(Hello(), kOwn).ok());
  v1::Hello other_name = Hello();
  other_name.set_agent("a2");
  EXPECT_EQ(CheckHello(other_name, kOwn),
            absl::UnauthenticatedError(
                "the certificate is that of agent a1 in eu-west, not of a2 in eu-west"));
  v1::Hello other_region = Hello();
  other_region.set_region("us-east");
  EXPECT_EQ(CheckHello(other_region, kOwn).code(), absl::StatusCode::kUnauthenticated);
}

TEST(HelloTest, ACollectorsCertificateIsNoAgents) {
  EXPECT_EQ(CheckHello(Hello(), {PeerRole::kCollector, "", ""}),
            absl::UnauthenticatedError("the certificate is not an agent's"));
}

TEST(HelloTest, HasBounds) {
  v1::Hello no_spool = Hello();
  no_spool.clear_spool_id();
  EXPECT_EQ(CheckHello(no_spool, kOwn), absl::InvalidArgumentError("hello.spool_id: is missing"));
  v1::Hello long_zone = Hello();
  long_zone.set_zone(std::string(129, 'z'));
  EXPECT_EQ(CheckHello(long_zone, kOwn).code(), absl::StatusCode::kInvalidArgument);
  v1::Hello many_kinds = Hello();
  for (int i = 0; i < 64; ++i) many_kinds.add_probe_kinds("k");
  EXPECT_EQ(CheckHello(many_kinds, kOwn).code(), absl::StatusCode::kInvalidArgument);
}

TEST(HelloTest, BecomesARecord) {
  AgentRecord agent = ReadHello(Hello(), Now() + absl::Hours(1), Now());
  EXPECT_EQ(agent.probe_kinds, std::vector<std::string>{"smtp.mx"});
  EXPECT_EQ(agent.vantage, (Vantage{"a1", "eu-west", "a", "AS64500", "192.0.2.53:53"}));
  EXPECT_EQ(agent.version, "0.1.0");
  EXPECT_EQ(agent.boot_id, "boot-1");
  EXPECT_TRUE(agent.connected);
  EXPECT_EQ(agent.certificate_ends, Now() + absl::Hours(1));
  EXPECT_EQ(agent.last_heard, Now());
}

TEST(HeartbeatTest, SaysHowFarTheAgentsClockIsOff) {
  v1::Heartbeat heartbeat;
  *heartbeat.mutable_agent_time() = ToProto(Now() - absl::Seconds(3));
  *heartbeat.mutable_loop_lag() = ToProto(absl::Milliseconds(40));
  heartbeat.set_spooled(12);
  heartbeat.set_dropped(2);
  heartbeat.set_assignment_version(99);
  for (int i = 0; i < 40; ++i) heartbeat.add_problems(std::string(600, 'p'));
  HeartbeatFacts facts = ReadHeartbeat(heartbeat, Now());
  EXPECT_EQ(facts.received, Now());
  EXPECT_EQ(facts.clock_offset, absl::Seconds(-3));
  EXPECT_EQ(facts.loop_lag, absl::Milliseconds(40));
  EXPECT_EQ(facts.spooled, 12u);
  EXPECT_EQ(facts.dropped, 2u);
  EXPECT_EQ(facts.assignment_version, 99u);
  ASSERT_EQ(facts.problems.size(), 32u);
  EXPECT_EQ(facts.problems[0].size(), 512u);
  EXPECT_EQ(ReadHeartbeat({}, Now()).clock_offset, absl::ZeroDuration());
}

}  // namespace
}  // namespace postwatch::collector
