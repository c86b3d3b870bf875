// A whole collector and a whole agent: the agent joins, reports, is revoked, and is let in again.
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "agent/agent.h"
#include "agent/join.h"
#include "collector/collector.h"
#include "common/base/text.h"
#include "common/pki/authorities.h"
#include "common/pki/join_token.h"
#include "common/pki/pem_files.h"
#include "common/pki/revocation_list.h"
#include "tests/support/command_run.h"
#include "tests/support/http_client.h"
#include "tests/support/test_folder.h"
#include "tests/support/test_server.h"

namespace postwatch {
namespace {

class FleetIdentity : public testing::Test {
 protected:
  FleetIdentity() {
    EXPECT_TRUE(
        WriteIssuedCertificate(authority_, Path("ca.pem"), Path("ca.key"), Overwrite::kRefuse)
            .ok());
    const IdentityRequest own{{PeerRole::kCollector, "", ""}, {}, {"127.0.0.1"}, absl::Minutes(30)};
    EXPECT_TRUE(WriteIssuedCertificate(*IssueIdentity(authority_, own, absl::Now()),
                                       Path("own.pem"), Path("own.key"), Overwrite::kRefuse)
                    .ok());
    Revoke();
    absl::StatusOr<std::unique_ptr<collector::Collector>> made =
        collector::MakeCollector(CollectorSettings(), {.config_path = "", .version = "1"});
    EXPECT_TRUE(made.ok()) << made.status();
    collector_ = *std::move(made);
    collector_thread_ = std::thread([this] { EXPECT_TRUE(collector_->Run().ok()); });
  }
  ~FleetIdentity() override {
    StopAgent();
    collector_->Stop();
    collector_thread_.join();
  }

  std::string Path(const std::string& name) const { return folder_ / name; }

  collector::CollectorConfig CollectorSettings() const {
    collector::CollectorConfig config;
    config.grpc_listen = config.http_listen = "127.0.0.1:0";
    config.external_url = "http://127.0.0.1:7480";
    config.tls_ca = Path("ca.pem");
    config.tls_cert = Path("own.pem");
    config.tls_key = Path("own.key");
    config.tls_crl = Path("crl.pem");
    config.enrolment = {Path("ca.pem"), Path("ca.key"), absl::Minutes(30)};
    config.store = "sqlite:" + Path("c.db");
    config.retention = absl::Hours(24);
    config.agent_silent_after = absl::Seconds(60);
    config.reminder_every = absl::Hours(4);
    config.witness = config.defaults = Settings::Map();
    config.sinks = {{"log", "log", Settings::Map()}};
    return config;
  }

  // Writes the list as it is now.
  void Revoke() {
    EXPECT_TRUE(WritePemFile(Path("crl.pem"), *revoked_.Sign(authority_, absl::Now()),
                             Readers::kEverybody, Overwrite::kReplace)
                    .ok());
  }
  void Join(absl::Time made) {
    const PeerIdentity fra1{PeerRole::kAgent, "eu", "fra1"};
    const CommandRun run =
        RunCommand(agent::RunJoin, {Concat("127.0.0.1:", collector_->grpc_port()), "--token",
                                    *MakeJoinToken(authority_, fra1, made, absl::Hours(1)),
                                    "--ca-hash", AuthorityHashes(authority_.certificate)[0],
                                    "--dir", Path("etc"), "--state-dir", Path("state"), "--force"});
    ASSERT_EQ(run.code, 0) << run.err;
  }
  void StartAgent() {
    absl::StatusOr<agent::AgentConfig> config = agent::LoadAgentConfig(Path("etc/agent.yaml"));
    ASSERT_TRUE(config.ok()) << config.status();
    config->ca_file = Path("ca.pem");
    config->resolver = RefusingAddress();
    config->web_listen = "127.0.0.1:0";
    absl::StatusOr<std::unique_ptr<agent::Agent>> made =
        agent::Agent::Make({"", "1"}, *std::move(config));
    ASSERT_TRUE(made.ok()) << made.status();
    agent_ = *std::move(made);
    agent_thread_ = std::thread([this] { agent_->Run(); });
  }
  void StopAgent() {
    if (!agent_thread_.joinable()) return;
    agent_->Stop();
    agent_thread_.join();
    agent_.reset();
  }

  bool Connected() {
    HttpClient client(agent_->web_address());
    client.Send("GET /-/ready HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    return client.Receive().status == 200;
  }
  bool BecomesConnected(bool connected, std::chrono::seconds limit) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (std::chrono::steady_clock::now() < end) {
      if (Connected() == connected) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    return false;
  }

  const TestFolder folder_;
  const IssuedCertificate authority_ = *MakeAuthority("test", absl::Now(), absl::Hours(2));
  RevocationList revoked_;
  std::unique_ptr<collector::Collector> collector_;
  std::thread collector_thread_;
  std::unique_ptr<agent::Agent> agent_;
  std::thread agent_thread_;
};

TEST_F(FleetIdentity, FromJoiningToRevocationAndBack) {
  Join(absl::Now());
  StartAgent();
  EXPECT_TRUE(BecomesConnected(true, std::chrono::seconds(20)));

  const absl::Time then = absl::Now();
  revoked_.RevokeAgent("fra1", then);
  Revoke();
  EXPECT_TRUE(BecomesConnected(false, std::chrono::seconds(10)));
  EXPECT_FALSE(BecomesConnected(true, std::chrono::seconds(3)));
  StopAgent();

  Join(then + absl::Seconds(1));
  StartAgent();
  EXPECT_TRUE(BecomesConnected(true, std::chrono::seconds(20)));
}

}  // namespace
}  // namespace postwatch
