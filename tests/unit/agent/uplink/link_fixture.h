// LinkFixture: a CollectorLink whose streams end in the test, which plays the collector.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "agent/uplink/collector_link.h"
#include "common/base/ids.h"
#include "common/base/text.h"
#include "tests/support/fake_clock.h"

namespace postwatch::agent {

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
  void OnShare(FleetShare share) override { shares.push_back(share); }
  void OnFleetKey(Secret key) override { fleet_keys.emplace_back(key.Reveal()); }
  Health TakeHealth() override { return health; }

  std::vector<uint64_t> versions;
  std::vector<std::string> requests;
  std::vector<FleetShare> shares;
  std::vector<std::string> fleet_keys;
  Health health;
};

class LinkFixture : public testing::Test {
 protected:
  LinkFixture() {
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
  ~LinkFixture() override {
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

}  // namespace postwatch::agent
