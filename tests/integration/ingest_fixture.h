// Ingest fixture: ingest over real gRPC on loopback, with mutual TLS and a real store behind it.
#pragma once

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "collector/ingest/ingest.h"
#include "collector/store/sqlite_store.h"
#include "collector/store/store_thread.h"
#include "common/base/ids.h"
#include "common/base/text.h"
#include "common/pki/ca.h"
#include "common/wire/convert.h"
#include "postwatch/v1/uplink.grpc.pb.h"
#include "tests/support/fake_store.h"

namespace postwatch::collector {
inline constexpr absl::Duration kPatience = absl::Seconds(10);
inline constexpr char kCheck[] = "alpha.test/smtp.mx";

// One authority for all tests: keys cost time.
inline const IssuedCertificate& Authority() {
  static const auto* authority =
      new absl::StatusOr<IssuedCertificate>(MakeAuthority("test", absl::Now(), absl::Hours(2)));
  return **authority;
}

inline IssuedCertificate Issue(const IssuedCertificate& authority, const PeerIdentity& identity) {
  IdentityRequest request{identity, {"collector.test"}, {}, absl::Hours(1)};
  if (identity.role == PeerRole::kAgent) request.dns_names.clear();
  auto issued = IssueIdentity(authority, request, absl::Now());
  EXPECT_TRUE(issued.ok()) << issued.status();
  return *std::move(issued);
}

inline PeerIdentity Agent(const std::string& name) { return {PeerRole::kAgent, "eu-west", name}; }

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

  void BatchBehind(std::vector<Sighting> sightings,
                   std::function<void(absl::Status)> done) override {
    Write(Concat("behind ", sightings.front().sequence, " to ", sightings.back().sequence));
    absl::Status answer;
    {
      absl::MutexLock lock(&mutex_);
      answer = behind_;
    }
    done(answer);
  }
  // What those are told whose batches come behind one that was not stored; at first, that the store
  // is full.
  void AnswerBehind(absl::Status answer) {
    absl::MutexLock lock(&mutex_);
    behind_ = std::move(answer);
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
  absl::Status behind_ ABSL_GUARDED_BY(mutex_) = absl::ResourceExhaustedError("full");
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

  void Write(const v1::AgentMessage& message) { stream_->Write(message); }

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
    if (assignment.has_value() && assignment->has_share()) assignment = Read();
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

}  // namespace postwatch::collector
