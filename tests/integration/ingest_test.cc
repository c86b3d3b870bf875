// Ingest over real gRPC on loopback, with mutual TLS and a real store.
#include "collector/ingest/ingest.h"

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <optional>

#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "collector/store/sqlite_store.h"
#include "collector/store/store_thread.h"
#include "common/base/ids.h"
#include "common/base/text.h"
#include "common/pki/ca.h"
#include "common/sqlite/database.h"
#include "common/wire/convert.h"
#include "postwatch/v1/uplink.grpc.pb.h"
#include "tests/contract/store_samples.h"
#include "tests/support/fake_store.h"

namespace postwatch::collector {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(10);
constexpr char kCheck[] = "alpha.test/smtp.mx";

// One authority for all tests: keys cost time.
const IssuedCertificate& Authority() {
  static const auto* authority =
      new absl::StatusOr<IssuedCertificate>(MakeAuthority("test", absl::Now(), absl::Hours(2)));
  return **authority;
}

IssuedCertificate Issue(const IssuedCertificate& authority, const PeerIdentity& identity) {
  IdentityRequest request{identity, {"collector.test"}, {}, absl::Hours(1)};
  if (identity.role == PeerRole::kAgent) request.dns_names.clear();
  auto issued = IssueIdentity(authority, request, absl::Now());
  EXPECT_TRUE(issued.ok()) << issued.status();
  return *std::move(issued);
}

PeerIdentity Agent(const std::string& name) { return {PeerRole::kAgent, "eu-west", name}; }

// The collector as far as ingest is concerned: keeps a diary and asks the store.
class Diary : public IngestEvents {
 public:
  explicit Diary(StoreThread& store) : store_(store) {}

  void AgentConnected(const AgentRecord& agent) override {
    Write("connected " + agent.vantage.agent);
  }
  void AgentHeard(const std::string& agent, const HeartbeatFacts& facts) override {
    Write(Concat("heard ", agent, " spooled ", facts.spooled));
  }
  void AgentGone(const std::string& agent) override { Write("gone " + agent); }
  void FindWatermark(const std::string& agent, const std::string& spool_id,
                     std::function<void(absl::StatusOr<uint64_t>)> done) override {
    absl::Status asked = store_.Run([=](Store& store) { done(store.Watermark(agent, spool_id)); });
    if (!asked.ok()) done(asked);
  }
  void BatchReceived(std::vector<Sighting> sightings,
                     std::function<void(absl::Status)> done) override {
    store_.Append(std::move(sightings),
                  [done = std::move(done)](const absl::StatusOr<std::vector<Sighting>>& fresh) {
                    done(fresh.status());
                  });
  }

  // Until the line has been written `times` times.
  bool Await(const std::string& line, int times = 1) {
    absl::MutexLock lock(&mutex_);
    auto seen = [&] { return std::count(lines_.begin(), lines_.end(), line) >= times; };
    return mutex_.AwaitWithTimeout(absl::Condition(&seen), kPatience);
  }
  std::vector<std::string> lines() {
    absl::MutexLock lock(&mutex_);
    return lines_;
  }

 private:
  void Write(std::string line) {
    absl::MutexLock lock(&mutex_);
    lines_.push_back(std::move(line));
  }

  StoreThread& store_;
  absl::Mutex mutex_;
  std::vector<std::string> lines_ ABSL_GUARDED_BY(mutex_);
};

// An agent's end of the wire, with every freedom to misbehave.
class Caller {
 public:
  Caller(int port, const IssuedCertificate& certificate, const std::string& trusted) {
    grpc::SslCredentialsOptions tls;
    tls.pem_root_certs = trusted;
    tls.pem_cert_chain = certificate.certificate;
    tls.pem_private_key = std::string(certificate.key.Reveal());
    grpc::ChannelArguments arguments;
    arguments.SetSslTargetNameOverride("collector.test");
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    stub_ = v1::Uplink::NewStub(grpc::CreateCustomChannel(Concat("127.0.0.1:", port),
                                                          grpc::SslCredentials(tls), arguments));
    context_.set_deadline(absl::ToChronoTime(absl::Now() + kPatience));
    stream_ = stub_->Connect(&context_);
  }

  void Hello(const std::string& agent, const std::string& spool_id = "spool-1") {
    v1::AgentMessage message;
    v1::Hello& hello = *message.mutable_hello();
    hello.set_agent(agent);
    hello.set_region("eu-west");
    hello.set_network("AS64500");
    hello.set_boot_id("boot-1");
    hello.set_spool_id(spool_id);
    stream_->Write(message);
  }

  void Send(uint64_t first, const std::vector<Observation>& observations) {
    v1::AgentMessage message;
    message.mutable_batch()->set_first_sequence(first);
    for (const Observation& o : observations) {
      *message.mutable_batch()->add_observations() = ToProto(o);
    }
    stream_->Write(message);
  }

  void Heartbeat(uint64_t spooled) {
    v1::AgentMessage message;
    *message.mutable_heartbeat()->mutable_agent_time() = ToProto(absl::Now());
    message.mutable_heartbeat()->set_spooled(spooled);
    stream_->Write(message);
  }

  // The next message, or none when the stream has ended.
  std::optional<v1::CollectorMessage> Read() {
    v1::CollectorMessage message;
    if (!stream_->Read(&message)) return std::nullopt;
    return message;
  }

  // Reads until this sequence number is acknowledged; answers how many acknowledgements it took.
  int AwaitAck(uint64_t sequence) {
    int acks = 0;
    while (std::optional<v1::CollectorMessage> message = Read()) {
      if (!message->has_ack()) continue;
      ++acks;
      EXPECT_LE(message->ack().sequence(), sequence);
      if (message->ack().sequence() == sequence) return acks;
    }
    ADD_FAILURE() << "the stream ended before " << sequence << " was acknowledged";
    return acks;
  }

  // Says Hello, reads the welcome and the assignment; answers what is acknowledged.
  uint64_t Enter(const std::string& agent, const std::string& spool_id = "spool-1") {
    Hello(agent, spool_id);
    std::optional<v1::CollectorMessage> welcome = Read();
    EXPECT_TRUE(welcome.has_value() && welcome->has_welcome());
    std::optional<v1::CollectorMessage> assignment = Read();
    EXPECT_TRUE(assignment.has_value() && assignment->has_assignment());
    return welcome.has_value() ? welcome->welcome().acknowledged() : 0;
  }

  void HalfClose() { stream_->WritesDone(); }
  void Kill() { context_.TryCancel(); }

  // Reads to the end, and answers what it was.
  grpc::Status End() {
    while (Read().has_value()) {
    }
    return stream_->Finish();
  }

 private:
  grpc::ClientContext context_;
  std::unique_ptr<v1::Uplink::Stub> stub_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::AgentMessage, v1::CollectorMessage>> stream_;
};

class IngestTest : public testing::Test {
 protected:
  IngestTest() {
    IssuedCertificate own = Issue(Authority(), {PeerRole::kCollector, "", ""});
    PemBundle pem{Authority().certificate, own.certificate, own.key.Clone()};
    absl::Status started = ingest.Start("127.0.0.1:0", pem);
    EXPECT_TRUE(started.ok()) << started;
    CheckSpec spec;
    spec.id = kCheck;
    spec.kind = "smtp.mx";
    spec.target = "alpha.test";
    spec.provider = "own";
    spec.leg = Leg::kInbound;
    spec.settings = Settings::Map();
    EXPECT_TRUE(ingest.SetAssignment({spec}).ok());
  }

  ~IngestTest() override {
    fake->Release();
    ingest.Stop(absl::ZeroDuration());
  }

  std::unique_ptr<Caller> Call(const std::string& agent) {
    return std::make_unique<Caller>(ingest.port(), Issue(Authority(), Agent(agent)),
                                    Authority().certificate);
  }

  static Observation Pass() {
    Observation o;
    o.id = RandomId();
    o.check_id = kCheck;
    o.kind = "smtp.mx";
    o.target = "alpha.test";
    o.started = absl::Now();
    return o;
  }
  static std::vector<Observation> Passes(size_t count) {
    std::vector<Observation> out;
    for (size_t i = 0; i < count; ++i) out.push_back(Pass());
    return out;
  }

  std::vector<Sighting> Stored() {
    std::vector<Sighting> out;
    absl::Notification done;
    EXPECT_TRUE(store
                    .Run([&](Store& s) {
                      out = s.Observations({.newest_first = false, .limit = 100000}).value();
                      done.Notify();
                    })
                    .ok());
    done.WaitForNotification();
    return out;
  }

  std::unique_ptr<FakeStore> owned =
      std::make_unique<FakeStore>(OpenSqliteStore(":memory:").value());
  FakeStore* fake = owned.get();
  StoreThread store{std::move(owned)};
  Diary diary{store};
  SystemClock clock;
  Ingest ingest{diary, clock, {.version = "0.1.0", .hello_timeout = absl::Milliseconds(500)}};
};

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

TEST_F(IngestTest, WhatIsSentAgainIsStoredOnce) {
  std::vector<Observation> sent = Passes(10);
  auto first = Call("a1");
  EXPECT_EQ(first->Enter("a1"), 0u);
  first->Send(1, sent);
  first->AwaitAck(10);
  first->Kill();
  auto second = Call("a1");
  EXPECT_EQ(second->Enter("a1"), 10u);
  second->Send(11, Passes(2));
  second->AwaitAck(12);
  EXPECT_EQ(Stored().size(), 12u);
  // A spool made anew starts to count anew.
  auto third = Call("a1");
  EXPECT_EQ(third->Enter("a1", "spool-2"), 0u);
  third->Send(1, Passes(1));
  third->AwaitAck(1);
  EXPECT_EQ(Stored().size(), 13u);
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

TEST_F(IngestTest, NothingIsAcknowledgedBeforeItIsCommitted) {
  auto agent = Call("a1");
  agent->Enter("a1");
  fake->Hold();
  agent->Send(1, Passes(3));
  fake->AwaitHeld();
  EXPECT_EQ(ingest.counters().committed, 0u);
  for (uint64_t batch = 0; batch < 4; ++batch) agent->Send(4 + batch * 3, Passes(3));
  agent->Heartbeat(15);
  ASSERT_TRUE(diary.Await("heard a1 spooled 15"));
  EXPECT_EQ(ingest.counters().batches, 5u);
  EXPECT_EQ(ingest.counters().committed, 0u);
  fake->Release();
  // What came meanwhile was stored together, and acknowledged together.
  EXPECT_EQ(agent->AwaitAck(15), 2);
  EXPECT_EQ(fake->appends(), std::vector<size_t>({3, 12}));
  EXPECT_EQ(Stored().size(), 15u);
}

TEST_F(IngestTest, ASlowStoreStopsTheReading) {
  auto agent = Call("a1");
  agent->Enter("a1");
  auto other = Call("a2");
  other->Enter("a2");
  fake->Hold();
  agent->Send(1, Passes(1));
  fake->AwaitHeld();
  for (uint64_t batch = 2; batch <= 20; ++batch) agent->Send(batch, Passes(1));
  agent->Heartbeat(1);
  // Other agents do not notice.
  other->Heartbeat(7);
  EXPECT_TRUE(diary.Await("heard a2 spooled 7"));
  EXPECT_LE(ingest.counters().batches, 9u);
  fake->Release();
  agent->AwaitAck(20);
  EXPECT_TRUE(diary.Await("heard a1 spooled 1"));
  EXPECT_EQ(Stored().size(), 20u);
}

TEST_F(IngestTest, AFailingStoreAcknowledgesNothingAndLosesNothing) {
  std::vector<Observation> sent = Passes(6);
  fake->FailWrites(absl::ResourceExhaustedError("disk full"));
  auto agent = Call("a1");
  agent->Enter("a1");
  agent->Send(1, {sent.begin(), sent.begin() + 3});
  agent->Send(4, {sent.begin() + 3, sent.end()});
  bool acknowledged = false;
  while (std::optional<v1::CollectorMessage> message = agent->Read()) {
    acknowledged = acknowledged || message->has_ack();
  }
  EXPECT_FALSE(acknowledged);
  EXPECT_EQ(agent->End().error_code(), grpc::StatusCode::UNAVAILABLE);
  fake->FailWrites(absl::OkStatus());
  auto again = Call("a1");
  EXPECT_EQ(again->Enter("a1"), 0u);
  again->Send(1, sent);
  again->AwaitAck(6);
  EXPECT_EQ(Stored().size(), 6u);
}

TEST_F(IngestTest, AnAgentKilledInTheMiddleOfABatchComesBackToAConsistentStore) {
  std::vector<Observation> sent = Passes(40);
  auto agent = Call("a1");
  agent->Enter("a1");
  fake->Hold();
  for (size_t i = 0; i < 4; ++i) {
    agent->Send(1 + i * 10, {sent.begin() + static_cast<long>(i * 10),
                             sent.begin() + static_cast<long>(i * 10 + 10)});
  }
  fake->AwaitHeld();
  agent->Kill();
  EXPECT_TRUE(diary.Await("gone a1"));
  fake->Release();
  auto again = Call("a1");
  uint64_t known = again->Enter("a1");
  EXPECT_GE(known, 10u);
  EXPECT_LE(known, 40u);
  if (known < 40) {
    again->Send(known + 1, {sent.begin() + static_cast<long>(known), sent.end()});
    again->AwaitAck(40);
  }
  std::vector<Sighting> stored = Stored();
  ASSERT_EQ(stored.size(), 40u);
  for (size_t i = 0; i < stored.size(); ++i) EXPECT_EQ(stored[i].observation.id, sent[i].id);
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

class StoreFileTest : public testing::Test {
 protected:
  ~StoreFileTest() override {
    for (const char* suffix : {"", "-wal", "-shm"}) std::remove((path + suffix).c_str());
  }

  const std::string path = Concat(testing::TempDir(), "/store-", RandomId(), ".db");
};

TEST_F(StoreFileTest, WhatWasStoredIsThereAfterOpeningAgain) {
  Incident incident = MakeIncident("inc-000000000001", absl::ZeroDuration());
  {
    std::unique_ptr<Store> store = OpenSqliteStore(path).value();
    ASSERT_TRUE(store->Append({MakeSighting("a1", 1), MakeSighting("a1", 2)}).ok());
    ASSERT_TRUE(store->Commit({{incident}, {MakeDelivery("al-1", "mail", incident)}}).ok());
  }
  std::unique_ptr<Store> store = OpenSqliteStore(path).value();
  EXPECT_EQ(store->Watermark("a1", "spool-1").value(), 2u);
  EXPECT_EQ(Sequences(store->Observations({})), std::vector<uint64_t>({2, 1}));
  EXPECT_EQ(Ids(store->Incidents({.open_only = true})), std::vector<std::string>({incident.id}));
  EXPECT_EQ(Ids(store->PendingDeliveries(10)), std::vector<std::string>({"al-1/mail"}));
}

TEST_F(StoreFileTest, ADecisionThatFailsHalfWayLeavesNothingBehind) {
  std::unique_ptr<Store> store = OpenSqliteStore(path).value();
  Database saboteur = Database::Open(path).value();
  ASSERT_TRUE(saboteur
                  .Execute("CREATE TRIGGER full BEFORE INSERT ON outbox "
                           "BEGIN SELECT raise(ABORT, 'full'); END")
                  .ok());
  Incident incident = MakeIncident("inc-000000000001", absl::ZeroDuration());
  Decision decision{{incident}, {MakeDelivery("al-1", "mail", incident)}};
  EXPECT_FALSE(store->Commit(decision).ok());
  EXPECT_EQ(Ids(store->Incidents({})), std::vector<std::string>());
  ASSERT_TRUE(saboteur.Execute("DROP TRIGGER full").ok());
  EXPECT_TRUE(store->Commit(decision).ok());
  EXPECT_EQ(Ids(store->Incidents({})), std::vector<std::string>({incident.id}));
}

}  // namespace
}  // namespace postwatch::collector
