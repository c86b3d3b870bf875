// The agent as a whole on one state directory: alone in it, with corrupt files, on a full disk.
#include "agent/agent.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "agent/assignment_file.h"
#include "common/wire/convert.h"
#include "tests/support/file_size_limit.h"
#include "tests/support/http_client.h"
#include "tests/support/state_dir.h"
#include "tests/support/test_server.h"

namespace postwatch::agent {
namespace {

class AgentTest : public testing::Test {
 protected:
  ~AgentTest() override { Stop(); }

  AgentConfig Config() {
    AgentConfig config;
    config.name = "a1";
    config.region = "eu";
    config.network = "AS64500";
    config.collector_address = AddressText(RefusingAddress());
    config.tls_ca = config.ca_file = dir_.Path("ca.pem");
    config.tls_cert = dir_.Path("agent.pem");
    config.tls_key = dir_.Path("agent.key");
    config.state_dir = dir_.Path("state");
    config.resolver = RefusingAddress();
    config.spool_bytes = 1 << 20;
    config.spool_age = absl::Hours(1);
    config.web_listen = "127.0.0.1:0";
    return config;
  }

  absl::StatusOr<std::unique_ptr<Agent>> Make() { return Agent::Make({"", "1"}, Config()); }

  // Checks that fail at once, so many that some of them run soon.
  void Assign(int count) {
    std::filesystem::create_directory(dir_.Path("state"));
    v1::Assignment assignment;
    assignment.set_version(1);
    for (int i = 0; i < count; ++i) {
      CheckSpec spec;
      spec.target = Concat("t", i, ".test");
      spec.id = spec.target + "/dns.mx";
      spec.kind = "dns.mx";
      spec.provider = "own";
      spec.leg = Leg::kDns;
      spec.settings = Settings::Map();
      *assignment.add_checks() = ToProto(spec);
    }
    ASSERT_TRUE(SaveAssignment(dir_.Path("state/assignment.pb"), assignment).ok());
  }

  void Start() {
    absl::StatusOr<std::unique_ptr<Agent>> agent = Make();
    ASSERT_TRUE(agent.ok()) << agent.status();
    agent_ = *std::move(agent);
    thread_ = std::thread([this] { agent_->Run(); });
  }
  void Stop() {
    if (!thread_.joinable()) return;
    agent_->Stop();
    thread_.join();
  }

  HttpClient::Answer Get(std::string_view path) {
    HttpClient client(agent_->web_address());
    client.Send(Concat("GET ", path, " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"));
    return client.Receive();
  }
  // The value of a metric without labels; -1 when there is none.
  int64_t Metric(std::string_view name) {
    const std::string page = Get("/metrics").body;
    for (const std::string_view line : Split(page, '\n')) {
      if (line.starts_with(Concat(name, " "))) {
        return ParseInteger(line.substr(name.size() + 1)).value_or(-1);
      }
    }
    return -1;
  }
  // Asks again and again until the answer is yes; false when it never is.
  static bool Eventually(const std::function<bool()>& holds) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (std::chrono::steady_clock::now() < end) {
      if (holds()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    return false;
  }

  StateDir dir_;
  std::unique_ptr<Agent> agent_;
  std::thread thread_;
};

TEST_F(AgentTest, ASecondOneOnTheSameStateDirectoryIsRefused) {
  {
    const auto first = Make();
    ASSERT_TRUE(first.ok()) << first.status();
    const absl::Status second = Make().status();
    EXPECT_EQ(second.code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_EQ(FromAbsl(second.message()),
              Concat("state_dir: lock ", dir_.Path("state/lock"), ": process ", ::getpid(),
                     " has it; stop that one first, or use another place"));
  }
  EXPECT_TRUE(Make().ok());
}

TEST_F(AgentTest, CorruptFilesOfItsOwnDoNotStopIt) {
  std::filesystem::create_directory(dir_.Path("state"));
  for (const char* file : {"state/spool.db", "state/ledger.db"}) {
    dir_.Write(file, std::string(8192, 'x'));
  }
  const auto agent = Make();
  EXPECT_TRUE(agent.ok()) << agent.status();
  for (const char* file : {"state/spool.db.corrupt", "state/ledger.db.corrupt"}) {
    EXPECT_EQ(dir_.Read(file), std::string(8192, 'x')) << file;
  }
}

TEST_F(AgentTest, OnAFullDiskItGoesOnProbingAndIsNotReady) {
  Assign(60);
  Start();
  const FileSizeLimit full(4096);
  ASSERT_TRUE(Eventually(
      [this] { return Get("/-/ready").body.find("cannot be written") != std::string::npos; }));
  const HttpClient::Answer ready = Get("/-/ready");
  EXPECT_EQ(ready.status, 503);
  EXPECT_NE(ready.body.find(Concat("the spool in ", dir_.Path("state"), " cannot be written: ")),
            std::string::npos)
      << ready.body;
  EXPECT_NE(ready.body.find("lost: 0\nnot connected to the collector\n"), std::string::npos)
      << ready.body;
  EXPECT_TRUE(
      Eventually([this] { return Metric("postwatch_agent_spool_held_observations") >= 5; }));
  EXPECT_EQ(Metric("postwatch_agent_spool_writable"), 0);
  EXPECT_EQ(Metric("postwatch_agent_lost_observations_total"), 0);
}

}  // namespace
}  // namespace postwatch::agent
