// The agent's uplink against a real gRPC server with mutual TLS on loopback: what survives broken
// streams, absent servers and senseless messages.
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <future>
#include <mutex>
#include <thread>

#include "absl/time/clock.h"
#include "agent/uplink/collector_link.h"
#include "agent/uplink/grpc_stream.h"
#include "agent/uplink/spool.h"
#include "common/base/ids.h"
#include "common/base/text.h"
#include "common/pki/ca.h"
#include "common/wire/convert.h"
#include "postwatch/v1/uplink.grpc.pb.h"
#include "tests/support/file_size_limit.h"

namespace postwatch::agent {
namespace {

constexpr auto kPatience = std::chrono::seconds(30);

// A collector that keeps observations in memory, and can be told to misbehave. Its state outlives
// the servers it is run behind, as a store would.
class MemoryCollector : public v1::Uplink::Service {
 public:
  using Stream = grpc::ServerReaderWriter<v1::CollectorMessage, v1::AgentMessage>;

  grpc::Status Connect(grpc::ServerContext* context, Stream* stream) override {
    v1::AgentMessage message;
    if (!stream->Read(&message) || !message.has_hello()) {
      return {grpc::StatusCode::INVALID_ARGUMENT, "no hello"};
    }
    {
      const std::lock_guard lock(mutex_);
      hellos_.push_back(message.hello());
      peers_.emplace_back();
      for (const grpc::string_ref& id : context->auth_context()->GetPeerIdentity()) {
        peers_.back() += std::string(id.data(), id.size());
      }
      current_ = context;
      v1::CollectorMessage welcome;
      welcome.mutable_welcome()->set_acknowledged(stored_[message.hello().spool_id()]);
      stream->Write(welcome);
      for (const v1::CollectorMessage& extra : after_welcome_) stream->Write(extra);
      changed_.notify_all();
    }
    const std::string spool = message.hello().spool_id();
    while (stream->Read(&message)) {
      if (const grpc::Status status = Take(spool, message, stream); !status.ok()) return status;
    }
    const std::lock_guard lock(mutex_);
    current_ = nullptr;
    ++ended_;
    changed_.notify_all();
    return grpc::Status::OK;
  }

  // Waits until `done` holds; false when it never does.
  template <class Done>
  bool WaitFor(Done done) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, [&] { return done(*this); });
  }
  template <class Change>
  void Set(Change change) {
    const std::lock_guard lock(mutex_);
    change(*this);
  }
  void CutStream() {
    const std::lock_guard lock(mutex_);
    if (current_ != nullptr) current_->TryCancel();
  }

  // Guarded by mutex_; read and written within WaitFor and Set.
  bool acknowledge = true;
  std::optional<std::string> refuse;  // this check id gets INVALID_ARGUMENT
  std::vector<v1::CollectorMessage> after_welcome_;
  std::vector<std::string> checks_;         // of what is stored, in order of arrival
  std::map<std::string, int> copies_;       // by observation id, as received
  std::map<std::string, uint64_t> stored_;  // highest sequence by spool id
  std::vector<v1::Hello> hellos_;
  std::vector<std::string> peers_;
  int heartbeats_ = 0;
  int ended_ = 0;

 private:
  grpc::Status Take(const std::string& spool, const v1::AgentMessage& message, Stream* stream) {
    const std::lock_guard lock(mutex_);
    changed_.notify_all();
    if (message.has_heartbeat()) ++heartbeats_;
    if (!message.has_batch()) return grpc::Status::OK;
    uint64_t sequence = message.batch().first_sequence() - 1;
    for (const v1::Observation& observation : message.batch().observations()) {
      if (refuse == observation.check_id()) {
        return {grpc::StatusCode::INVALID_ARGUMENT, "observation.check_id"};
      }
      ++sequence;
      ++copies_[observation.id()];
      if (sequence <= stored_[spool] || !acknowledge) continue;
      stored_[spool] = sequence;
      checks_.push_back(observation.check_id());
    }
    if (!acknowledge) return grpc::Status::OK;
    v1::CollectorMessage ack;
    ack.mutable_ack()->set_sequence(stored_[spool]);
    stream->Write(ack);
    return grpc::Status::OK;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  grpc::ServerContext* current_ = nullptr;
};

class QuietOwner : public LinkOwner {
 public:
  void OnAssignment(const v1::Assignment& assignment) override { version = assignment.version(); }
  void OnRunNow(const v1::RunNow&) override {}
  void OnShare(FleetShare) override {}
  void OnFleetKey(Secret) override {}
  Health TakeHealth() override { return {}; }
  std::atomic<uint64_t> version{0};
};

class UplinkTest : public testing::Test {
 protected:
  UplinkTest() : directory_(std::filesystem::temp_directory_path() / ("uplink-" + RandomId())) {
    std::filesystem::create_directory(directory_);
    const absl::Time now = absl::Now();
    IssuedCertificate authority = *MakeAuthority("test", now, absl::Hours(1));
    server_ = *IssueIdentity(
        authority,
        {{PeerRole::kCollector, "", ""}, {"collector.test"}, {"127.0.0.1"}, absl::Minutes(30)},
        now);
    const IssuedCertificate agent =
        *IssueIdentity(authority, {{PeerRole::kAgent, "eu", "a1"}, {}, {}, absl::Minutes(30)}, now);
    ca_ = authority.certificate;
    WriteFile("ca.pem", ca_);
    WriteFile("a.pem", agent.certificate);
    WriteFile("a.key", agent.key.Reveal());
    spool_ = *Spool::Open(Path("spool.db"), {}, *clock_);
    StartServer(0);
  }

  ~UplinkTest() override {
    StopLoop();
    StopServer();
    std::filesystem::remove_all(directory_);
  }

  std::string Path(const std::string& name) const { return (directory_ / name).string(); }
  void WriteFile(const std::string& name, std::string_view text) const {
    std::ofstream(Path(name), std::ios::binary) << text;
  }

  void StartServer(int port) {
    grpc::SslServerCredentialsOptions options(
        GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
    options.pem_root_certs = ca_;
    options.pem_key_cert_pairs.push_back(
        {std::string(server_->key.Reveal()), server_->certificate});
    grpc::ServerBuilder builder;
    builder.AddListeningPort(Concat("127.0.0.1:", port), grpc::SslServerCredentials(options),
                             &port_);
    builder.RegisterService(&collector_);
    grpc_ = builder.BuildAndStart();
    ASSERT_NE(grpc_, nullptr);
  }
  void StopServer() {
    if (grpc_ == nullptr) return;
    grpc_->Shutdown(std::chrono::system_clock::now());
    grpc_->Wait();
    grpc_.reset();
  }

  // Runs the link on a thread of its own, as the agent's event loop would.
  void StartLink(std::string server_name = "collector.test") {
    GrpcTarget target{Concat("127.0.0.1:", port_), std::move(server_name), Path("ca.pem"),
                      Path("a.pem"), Path("a.key")};
    LinkIdentity identity{{"a1", "eu", "", "net", "192.0.2.53:53"}, "1", "boot", {}};
    link_ = std::make_unique<CollectorLink>(io_.get_executor(), *clock_, *spool_,
                                            MakeGrpcOpener(target, io_.get_executor()), identity,
                                            owner_);
    boost::asio::post(io_, [this] { link_->Start(); });
    thread_ = std::thread([this] { io_.run(); });
  }
  void StopLoop() {
    if (!thread_.joinable()) return;
    boost::asio::co_spawn(io_, link_->Drain(absl::ZeroDuration()), [this](std::exception_ptr) {
      link_.reset();
      io_.stop();
    });
    thread_.join();
  }

  void Spool(int count) {
    boost::asio::post(io_, [this, count] {
      for (int i = 0; i < count; ++i) {
        Observation o;
        o.id = RandomId();
        o.check_id = Concat("c", spool_->last_sequence() + 1);
        o.kind = "k";
        EXPECT_TRUE(spool_->Append({o}).ok());
      }
      link_->Wake();
    });
  }
  // Asks the event loop until the answer is yes.
  bool Eventually(std::function<bool()> holds) {
    const auto end = std::chrono::steady_clock::now() + kPatience;
    while (std::chrono::steady_clock::now() < end) {
      std::promise<bool> answer;
      boost::asio::post(io_, [&] { answer.set_value(holds()); });
      if (answer.get_future().get()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }
  bool Stored(size_t count) {
    return collector_.WaitFor([count](auto& c) { return c.checks_.size() >= count; });
  }
  bool SpoolEmpty() {
    return Eventually([this] { return spool_->count() == 0; });
  }

  const std::filesystem::path directory_;
  std::string ca_;
  std::optional<IssuedCertificate> server_;
  MemoryCollector collector_;
  std::unique_ptr<grpc::Server> grpc_;
  int port_ = 0;
  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{
      io_.get_executor()};
  std::unique_ptr<EventClock> clock_ = MakeSystemEventClock();
  std::unique_ptr<postwatch::agent::Spool> spool_;
  QuietOwner owner_;
  std::unique_ptr<CollectorLink> link_;
  std::thread thread_;
};

TEST_F(UplinkTest, DeliversInOrderAndForgetsWhatIsAcknowledged) {
  StartLink();
  Spool(500);
  ASSERT_TRUE(Stored(500));
  EXPECT_TRUE(SpoolEmpty());
  collector_.Set([](auto& c) {
    ASSERT_EQ(c.checks_.size(), 500u);
    EXPECT_EQ(c.checks_.front(), "c1");
    EXPECT_EQ(c.checks_.back(), "c500");
    EXPECT_EQ(c.hellos_.size(), 1u);
    EXPECT_EQ(c.hellos_[0].agent(), "a1");
    EXPECT_NE(c.peers_[0].find("spiffe://postwatch/agent/eu/a1"), std::string::npos);
    EXPECT_GE(c.heartbeats_, 1);
  });
}

TEST_F(UplinkTest, ResendsAfterABrokenStreamAndStoresNothingTwice) {
  collector_.Set([](auto& c) { c.acknowledge = false; });
  StartLink();
  Spool(10);
  ASSERT_TRUE(collector_.WaitFor([](auto& c) { return c.copies_.size() == 10; }));
  EXPECT_TRUE(Eventually([this] { return spool_->count() == 10; }));
  collector_.Set([](auto& c) { c.acknowledge = true; });
  collector_.CutStream();
  ASSERT_TRUE(Stored(10));
  EXPECT_TRUE(SpoolEmpty());
  collector_.Set([](auto& c) {
    EXPECT_EQ(c.checks_.size(), 10u);
    for (const auto& [id, copies] : c.copies_) EXPECT_EQ(copies, 2) << id;
  });
}

TEST_F(UplinkTest, AServerThatGoesAndComesBackGetsEverything) {
  StartLink();
  Spool(5);
  ASSERT_TRUE(Stored(5));
  StopServer();
  Spool(200);
  EXPECT_TRUE(Eventually([this] { return !link_->connected() && spool_->count() >= 200; }));
  StartServer(port_);
  ASSERT_TRUE(Stored(205));
  EXPECT_TRUE(SpoolEmpty());
}

TEST_F(UplinkTest, WhatWasAcknowledgedWhileTheAckWasLostIsNotSentAgain) {
  collector_.Set([this](auto& c) { c.stored_[spool_->id()] = 3; });
  for (int i = 0; i < 5; ++i) {
    Observation o;
    o.id = RandomId();
    o.check_id = Concat("c", i + 1);
    o.kind = "k";
    ASSERT_TRUE(spool_->Append({o}).ok());
  }
  StartLink();
  ASSERT_TRUE(Stored(2));
  collector_.Set([](auto& c) {
    EXPECT_EQ(c.checks_, (std::vector<std::string>{"c4", "c5"}));
    EXPECT_EQ(c.copies_.size(), 2u);
  });
}

TEST_F(UplinkTest, ASecondWelcomeChangesNothing) {
  v1::CollectorMessage welcome;
  welcome.mutable_welcome();
  collector_.Set([&](auto& c) { c.after_welcome_ = {welcome, welcome, v1::CollectorMessage()}; });
  StartLink();
  Spool(20);
  ASSERT_TRUE(Stored(20));
  EXPECT_TRUE(SpoolEmpty());
  EXPECT_TRUE(Eventually([this] { return link_->counters().bad_messages == 3; }));
  collector_.Set([](auto& c) {
    for (const auto& [id, copies] : c.copies_) EXPECT_EQ(copies, 1) << id;
  });
}

TEST_F(UplinkTest, ARefusedObservationDoesNotHoldUpTheOthers) {
  collector_.Set([](auto& c) { c.refuse = "c3"; });
  StartLink();
  Spool(6);
  ASSERT_TRUE(Stored(5));
  EXPECT_TRUE(SpoolEmpty());
  EXPECT_TRUE(Eventually([this] { return spool_->dropped() == 1; }));
  collector_.Set([](auto& c) {
    EXPECT_EQ(c.checks_, (std::vector<std::string>{"c1", "c2", "c4", "c5", "c6"}));
  });
}

TEST_F(UplinkTest, AFullDiskKeepsNothingFromTheCollector) {
  const FileSizeLimit full(4096);
  StartLink();
  Spool(100);
  ASSERT_TRUE(Stored(100));
  EXPECT_TRUE(SpoolEmpty());
  EXPECT_TRUE(Eventually([this] { return !spool_->disk().ok(); }));
  collector_.Set([](auto& c) { EXPECT_EQ(c.checks_.back(), "c100"); });
}

TEST_F(UplinkTest, AnAckOfTheFutureForgetsNothing) {
  v1::CollectorMessage ack;
  ack.mutable_ack()->set_sequence(1'000'000);
  collector_.Set([&](auto& c) {
    c.after_welcome_ = {ack};
    c.acknowledge = false;
  });
  StartLink();
  Spool(4);
  EXPECT_TRUE(Eventually([this] { return link_->counters().bad_messages >= 2; }));
  EXPECT_TRUE(Eventually([this] { return spool_->count() == 4; }));
}

TEST_F(UplinkTest, AnAssignmentReachesTheAgent) {
  v1::CollectorMessage message;
  message.mutable_assignment()->set_version(42);
  collector_.Set([&](auto& c) { c.after_welcome_ = {message}; });
  StartLink();
  EXPECT_TRUE(Eventually([this] { return owner_.version == 42; }));
}

TEST_F(UplinkTest, AServerWithAnotherNameGetsNothing) {
  StartLink("elsewhere.test");
  Spool(1);
  EXPECT_TRUE(Eventually([this] { return link_->counters().disconnects >= 2; }));
  collector_.Set([](auto& c) { EXPECT_TRUE(c.hellos_.empty()); });
}

TEST_F(UplinkTest, MissingCertificatesAreWaitedFor) {
  std::filesystem::rename(Path("a.pem"), Path("later.pem"));
  StartLink();
  EXPECT_TRUE(Eventually([this] { return link_->counters().disconnects >= 1; }));
  std::filesystem::rename(Path("later.pem"), Path("a.pem"));
  EXPECT_TRUE(Eventually([this] { return link_->connected(); }));
}

TEST_F(UplinkTest, DrainingDeliversAndSaysGoodbye) {
  StartLink();
  Spool(100);
  ASSERT_TRUE(Stored(100));
  std::promise<void> drained;
  boost::asio::co_spawn(io_, link_->Drain(absl::Seconds(10)),
                        [&](std::exception_ptr) { drained.set_value(); });
  drained.get_future().wait();
  EXPECT_TRUE(collector_.WaitFor([](auto& c) { return c.ended_ == 1; }));
  EXPECT_TRUE(SpoolEmpty());
}

}  // namespace
}  // namespace postwatch::agent
