// Ingest over real gRPC: who is let in, what is said on a stream, and how it ends.
#include "tests/integration/ingest_fixture.h"

namespace postwatch::collector {
namespace {

TEST_F(IngestTest, AnAgentIsWelcomedToldItsChecksAndItsReportsAreStored) {
  auto agent = Call("a1");
  agent->Hello("a1");
  std::optional<v1::CollectorMessage> welcome = agent->Read();
  ASSERT_TRUE(welcome.has_value() && welcome->has_welcome());
  EXPECT_EQ(welcome->welcome().collector_version(), "0.1.0");
  EXPECT_EQ(welcome->welcome().acknowledged(), 0u);
  std::optional<v1::CollectorMessage> assignment = agent->Read();
  ASSERT_TRUE(assignment.has_value() && assignment->has_assignment());
  ASSERT_EQ(assignment->assignment().checks_size(), 1);
  EXPECT_EQ(assignment->assignment().checks(0).id(), kCheck);

  agent->Heartbeat(3);
  EXPECT_TRUE(diary.Await("heard a1 spooled 3"));
  std::vector<Observation> sent = Passes(2);
  agent->Send(1, sent);
  agent->AwaitAck(2);
  std::vector<Sighting> stored = Stored();
  ASSERT_EQ(stored.size(), 2u);
  EXPECT_EQ(stored[0].observation.id, sent[0].id);
  EXPECT_EQ(stored[1].vantage.network, "AS64500");
  agent->HalfClose();
  EXPECT_TRUE(agent->End().ok());
  EXPECT_TRUE(diary.Await("gone a1"));
  IngestCounters counters = ingest.counters();
  EXPECT_EQ(counters.connects, 1u);
  EXPECT_EQ(counters.batches, 1u);
  EXPECT_EQ(counters.observations, 2u);
  EXPECT_EQ(counters.committed, 2u);
}

TEST_F(IngestTest, AWrongIdentityIsRefused) {
  auto agent = Call("a1");
  agent->Hello("a2");
  EXPECT_EQ(agent->End().error_code(), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(ingest.counters().streams_ended["UNAUTHENTICATED"], 1u);
  EXPECT_EQ(diary.lines(), std::vector<std::string>());

  auto collector = std::make_unique<Caller>(
      ingest.port(), Issue(Authority(), {PeerRole::kCollector, "", ""}), Authority().certificate);
  collector->Hello("a1");
  // The certificate is good for servers only, so that TLS itself may turn it away.
  EXPECT_FALSE(collector->End().ok());
}

TEST_F(IngestTest, ACertificateOfAnotherAuthorityDoesNotGetThroughTls) {
  auto other = MakeAuthority("other", absl::Now(), absl::Hours(2));
  ASSERT_TRUE(other.ok());
  Caller stranger(ingest.port(), Issue(*other, Agent("a1")), Authority().certificate);
  stranger.Hello("a1");
  EXPECT_EQ(stranger.End().error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(ingest.counters().connects, 0u);
}

TEST_F(IngestTest, TheHelloMustComeFirstAndSoon) {
  auto rude = Call("a1");
  rude->Send(1, Passes(1));
  EXPECT_EQ(rude->End().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  auto silent = Call("a1");
  EXPECT_EQ(silent->End().error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  auto twice = Call("a1");
  twice->Enter("a1");
  twice->Hello("a1");
  EXPECT_EQ(twice->End().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(IngestTest, AnAbsurdBatchEndsTheStreamAndStoresNothing) {
  for (uint64_t first : {uint64_t{0}, ~uint64_t{0}}) {
    auto agent = Call("a1");
    agent->Enter("a1");
    agent->Send(first, Passes(1));
    EXPECT_EQ(agent->End().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  }
  auto empty = Call("a1");
  empty->Enter("a1");
  empty->Send(1, {});
  EXPECT_EQ(empty->End().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  auto huge = Call("a1");
  huge->Enter("a1");
  Observation large = Pass();
  large.evidence.transcript.assign(5000, std::string(1000, 'x'));
  huge->Send(1, {large});
  EXPECT_FALSE(huge->End().ok());
  EXPECT_EQ(Stored().size(), 0u);
}

TEST_F(IngestTest, AFutureDatedObservationSaysNothingButIsAcknowledged) {
  auto agent = Call("a1");
  agent->Enter("a1");
  Observation future = Pass();
  future.started = absl::Now() + absl::Hours(1);
  agent->Send(1, {future, Pass()});
  agent->AwaitAck(2);
  std::vector<Sighting> stored = Stored();
  ASSERT_EQ(stored.size(), 2u);
  EXPECT_EQ(stored[0].observation.outcome, Outcome::kNotTested);
  EXPECT_EQ(stored[0].observation.not_tested_reason, "refused: future_dated");
  EXPECT_EQ(stored[1].observation.outcome, Outcome::kPass);
  EXPECT_EQ(ingest.counters().rejected["future_dated"], 1u);
}

TEST_F(IngestTest, ANewerStreamOfTheSameAgentReplacesTheOlder) {
  auto older = Call("a1");
  older->Enter("a1");
  auto newer = Call("a1");
  newer->Enter("a1");
  EXPECT_EQ(older->End().error_code(), grpc::StatusCode::ALREADY_EXISTS);
  newer->Send(1, Passes(1));
  newer->AwaitAck(1);
  EXPECT_EQ(diary.lines(), std::vector<std::string>({"connected a1", "connected a1"}));
  newer->Kill();
  EXPECT_TRUE(diary.Await("gone a1"));
}

TEST_F(IngestTest, RequestsAndNewAssignmentsReachTheAgent) {
  EXPECT_FALSE(ingest.RequestRun("a1", {"run-1", {kCheck}}));
  auto agent = Call("a1");
  agent->Enter("a1");
  EXPECT_TRUE(ingest.RequestRun("a1", {"run-1", {kCheck}}));
  std::optional<v1::CollectorMessage> run = agent->Read();
  ASSERT_TRUE(run.has_value() && run->has_run_now());
  EXPECT_EQ(run->run_now().id(), "run-1");
  EXPECT_EQ(run->run_now().check_ids(0), kCheck);

  absl::StatusOr<uint64_t> version = ingest.SetAssignment({});
  ASSERT_TRUE(version.ok());
  std::optional<v1::CollectorMessage> assignment = agent->Read();
  ASSERT_TRUE(assignment.has_value() && assignment->has_assignment());
  EXPECT_EQ(assignment->assignment().checks_size(), 0);
  EXPECT_EQ(assignment->assignment().version(), *version);
}

TEST_F(IngestTest, AgentsAreToldTheirShareWhenOthersComeAndGo) {
  auto second = Call("a2");
  second->Enter("a2");
  {
    auto first = Call("a1");
    first->Hello("a1");
    std::optional<v1::CollectorMessage> share = second->Read();
    ASSERT_TRUE(share.has_value() && share->has_share());
    EXPECT_EQ(share->share().agents(), 2u);
    EXPECT_EQ(share->share().position(), 1u);
  }
  std::optional<v1::CollectorMessage> alone = second->Read();
  ASSERT_TRUE(alone.has_value() && alone->has_share());
  EXPECT_EQ(alone->share().agents(), 1u);
  EXPECT_EQ(alone->share().position(), 0u);
}

TEST_F(IngestTest, ADrainSendsEverybodyAwayWithTheirLastReportsStored) {
  auto agent = Call("a1");
  agent->Enter("a1");
  ingest.Drain(absl::Seconds(2));
  std::optional<v1::CollectorMessage> drain = agent->Read();
  ASSERT_TRUE(drain.has_value() && drain->has_drain());
  EXPECT_EQ(drain->drain().reconnect_after().seconds(), 2);
  agent->Send(1, Passes(2));
  agent->HalfClose();
  agent->AwaitAck(2);
  EXPECT_TRUE(agent->End().ok());
  auto late = Call("a1");
  late->Hello("a1");
  EXPECT_EQ(late->End().error_code(), grpc::StatusCode::UNAVAILABLE);
  ingest.Stop(kPatience);
  EXPECT_EQ(Stored().size(), 2u);
  EXPECT_EQ(ingest.counters().streams, 0u);
}

TEST_F(IngestTest, APortThatIsTakenIsAnError) {
  IssuedCertificate own = Issue(Authority(), {PeerRole::kCollector, "", ""});
  PemBundle pem{Authority().certificate, own.certificate, own.key.Clone()};
  Ingest second(diary, clock, {});
  absl::Status started = second.Start(Concat("127.0.0.1:", ingest.port()), pem);
  EXPECT_EQ(started.code(), absl::StatusCode::kUnavailable) << started;
}

TEST_F(IngestTest, ThePlacesAreLimited) {
  Ingest small(diary, clock, {.max_streams = 1});
  IssuedCertificate own = Issue(Authority(), {PeerRole::kCollector, "", ""});
  PemBundle pem{Authority().certificate, own.certificate, own.key.Clone()};
  ASSERT_TRUE(small.Start("127.0.0.1:0", pem).ok());
  Caller first(small.port(), Issue(Authority(), Agent("a1")), Authority().certificate);
  first.Hello("a1");
  ASSERT_TRUE(first.Read().has_value());
  Caller second(small.port(), Issue(Authority(), Agent("a2")), Authority().certificate);
  second.Hello("a2");
  EXPECT_EQ(second.End().error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  small.Stop(absl::ZeroDuration());
}

TEST_F(IngestTest, AFastAgentIsSlowedDownNotCutOff) {
  Ingest slow(diary, clock, {.rate_per_stream = 100});
  IssuedCertificate own = Issue(Authority(), {PeerRole::kCollector, "", ""});
  PemBundle pem{Authority().certificate, own.certificate, own.key.Clone()};
  ASSERT_TRUE(slow.Start("127.0.0.1:0", pem).ok());
  Caller agent(slow.port(), Issue(Authority(), Agent("a1")), Authority().certificate);
  agent.Hello("a1");
  ASSERT_TRUE(agent.Read().has_value());
  absl::Time start = absl::Now();
  agent.Send(1, Passes(120));
  agent.Send(121, Passes(1));
  agent.Send(122, Passes(1));
  agent.AwaitAck(122);
  EXPECT_GE(absl::Now() - start, absl::Milliseconds(180));
  EXPECT_GE(slow.counters().throttled, 1u);
  slow.Stop(absl::ZeroDuration());
}

}  // namespace
}  // namespace postwatch::collector
