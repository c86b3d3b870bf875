// The collector as a whole on one store: alone in it, silent until it can listen, and plain about a
// corrupt file.
#include "collector/collector.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "collector/store/open_store.h"
#include "tests/contract/store_samples.h"
#include "tests/support/http_client.h"
#include "tests/support/state_dir.h"

namespace postwatch::collector {
namespace {

class CollectorTest : public testing::Test {
 protected:
  CollectorConfig Config() {
    CollectorConfig config;
    config.grpc_listen = "127.0.0.1:0";
    config.http_listen = "127.0.0.1:0";
    config.external_url = "http://127.0.0.1:7480";
    config.tls_ca = dir_.Path("ca.pem");
    config.tls_cert = dir_.Path("collector.pem");
    config.tls_key = dir_.Path("collector.key");
    config.store = "sqlite:" + dir_.Path("c.db");
    config.retention = absl::Hours(24);
    config.agent_silent_after = absl::Seconds(60);
    config.reminder_every = absl::Hours(4);
    config.witness = config.defaults = Settings::Map();
    config.sinks = {{"log", "log", Settings::Map()}};
    return config;
  }
  absl::StatusOr<std::unique_ptr<Collector>> Make(CollectorConfig config) {
    return MakeCollector(std::move(config), {.config_path = "", .version = "1"});
  }

  void LeaveAnAlertUndelivered() {
    const auto store = OpenStore(Config().store);
    ASSERT_TRUE(store.ok()) << store.status();
    const Incident incident = MakeIncident("inc-1", absl::ZeroDuration());
    Decision decision;
    decision.incidents = {incident};
    decision.deliveries = {MakeDelivery("alert-1", "log", incident)};
    ASSERT_TRUE((*store)->Commit(decision).ok());
  }
  size_t Undelivered() {
    const auto store = OpenStore(Config().store);
    EXPECT_TRUE(store.ok()) << store.status();
    return (*store)->PendingDeliveries(10)->size();
  }

  StateDir dir_;
};

TEST_F(CollectorTest, ASecondOneOnTheSameStoreIsRefusedAndTellsNobodyAnything) {
  {
    const auto first = Make(Config());
    ASSERT_TRUE(first.ok()) << first.status();
    testing::internal::CaptureStderr();
    const absl::Status second = Make(Config()).status();
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
    EXPECT_EQ(second.code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_EQ(
        FromAbsl(second.message()),
        Concat("SQLite: open ", dir_.Path("c.db"), ": lock ", dir_.Path("c.db.lock"), ": process ",
               ::getpid(), " has it; stop that one first, or use another place"));
  }
  EXPECT_TRUE(Make(Config()).ok());
}

TEST_F(CollectorTest, WithoutItsPortsNobodyIsToldAnything) {
  CollectorConfig elsewhere = Config();
  elsewhere.store = "sqlite:" + dir_.Path("other.db");
  const auto other = Make(elsewhere);
  ASSERT_TRUE(other.ok()) << other.status();
  LeaveAnAlertUndelivered();
  CollectorConfig no_grpc = Config();
  no_grpc.grpc_listen = Concat("127.0.0.1:", (*other)->grpc_port());
  CollectorConfig no_http = Config();
  no_http.http_listen = (*other)->http_address();
  for (const CollectorConfig& config : {no_grpc, no_http}) {
    testing::internal::CaptureStderr();
    const absl::Status refused = Make(config).status();
    const std::string log = testing::internal::GetCapturedStderr();
    EXPECT_TRUE(absl::IsUnavailable(refused)) << refused;
    EXPECT_EQ(log.find("ALERT"), std::string::npos) << log;
    EXPECT_EQ(Undelivered(), 1u);
  }
  // With ports, it is told at once.
  testing::internal::CaptureStderr();
  absl::StatusOr<std::unique_ptr<Collector>> collector = Make(Config());
  ASSERT_TRUE(collector.ok()) << collector.status();
  (*collector)->Stop();
  EXPECT_TRUE((*collector)->Run().ok());
  collector->reset();
  EXPECT_NE(testing::internal::GetCapturedStderr().find("ALERT"), std::string::npos);
}

TEST_F(CollectorTest, ACorruptStoreIsExplainedAndLeftAlone) {
  const std::string garbage(8192, 'x');
  dir_.Write("c.db", garbage);
  const absl::Status status = Make(Config()).status();
  EXPECT_TRUE(absl::IsDataLoss(status));
  const std::string_view text = FromAbsl(status.message());
  const std::string file = dir_.Path("c.db");
  EXPECT_TRUE(text.starts_with(Concat("store sqlite:", file, " is corrupt: "))) << text;
  EXPECT_NE(text.find(Concat("Restore ", file, " from a backup; or move it away")), text.npos);
  EXPECT_EQ(dir_.Read("c.db"), garbage);
}

}  // namespace
}  // namespace postwatch::collector
