#include "collector/metrics.h"

#include <gtest/gtest.h>

#include <set>

#include "common/base/text.h"
#include "tests/support/incident_samples.h"

namespace postwatch::collector {
namespace {

class MetricsTest : public testing::Test {
 protected:
  std::string Page() const {
    return RenderMetrics({.version = "1.2\"3",
                          .board = board,
                          .engine = engine,
                          .ingest = ingest,
                          .sinks = sinks,
                          .store_errors = 3,
                          .store_writable = false,
                          .unstored = 7,
                          .ready = false,
                          .certificate = certificate,
                          .authorities = authorities,
                          .last_reload_ok = false,
                          .last_reload = Noon(),
                          .revision = "v1.2"});
  }
  bool Has(const std::string& line) const {
    return Page().find("\n" + line + "\n") != std::string::npos;
  }

  Board board;
  EngineCounters engine;
  IngestCounters ingest;
  std::vector<SinkCounters> sinks;
  absl::StatusOr<CertificateLife> certificate = CertificateLife{Noon(), Noon() + absl::Hours(1)};
  std::map<std::string, absl::Time> authorities = {{"sha256:00ff", Noon() + absl::Hours(2)}};
};

TEST_F(MetricsTest, EveryFamilyIsDeclaredOnceAndBeforeItsSamples) {
  AgentRecord agent;
  agent.vantage.agent = "eu-1";
  board.agents = {agent};
  board.targets = {{"alpha.test", "own", {{.region = "eu", .state = CellState::kHealthy}}}};
  sinks = {{.sink = "chat"}};
  ingest.rejected["bounds"] = 1;
  ingest.streams_ended["internal"] = 1;
  std::set<std::string> families;
  std::string family;
  const std::string page = Page();
  EXPECT_TRUE(page.ends_with('\n'));
  for (const std::string_view line :
       Split(std::string_view(page).substr(0, page.size() - 1), '\n')) {
    if (line.starts_with("# HELP ")) {
      family = std::string(Split(line, ' ')[2]);
      EXPECT_TRUE(families.insert(family).second) << family;
      EXPECT_GT(line.size(), family.size() + 8) << line;
    } else if (line.starts_with("# TYPE ")) {
      const std::string_view type = Split(line, ' ')[3];
      EXPECT_EQ(Split(line, ' ')[2], family);
      EXPECT_EQ(type == "counter", family.ends_with("_total")) << line;
    } else {
      EXPECT_EQ(line.substr(0, line.find_first_of("{ ")), family) << line;
    }
  }
  EXPECT_EQ(families.size(), 32u);
}

TEST_F(MetricsTest, ReadinessAndTheStore) {
  EXPECT_TRUE(Has("postwatch_collector_ready 0"));
  EXPECT_TRUE(Has("postwatch_store_writable 0"));
  EXPECT_TRUE(Has("postwatch_ingest_unstored_total 7"));
}

TEST_F(MetricsTest, CertificatesTellWhenTheyEnd) {
  const int64_t noon = absl::ToUnixSeconds(Noon());
  AgentRecord agent;
  agent.vantage.agent = "eu-1";
  agent.vantage.region = "eu";
  agent.certificate_ends = Noon();
  board.agents = {agent};
  const std::string of_agent = Concat(
      R"(postwatch_agent_certificate_expiry_timestamp_seconds{agent="eu-1",region="eu"} )", noon);
  EXPECT_FALSE(Has(of_agent));
  board.agents[0].connected = true;
  EXPECT_TRUE(Has(of_agent));
  const std::string own =
      Concat("postwatch_collector_certificate_expiry_timestamp_seconds ", noon + 3600);
  EXPECT_TRUE(Has(own));
  EXPECT_TRUE(Has(Concat("postwatch_authority_certificate_expiry_timestamp_seconds{authority=",
                         R"("sha256:00ff"} )", noon + 7200)));
  certificate = absl::NotFoundError("no file");
  EXPECT_FALSE(Has(own));
}

TEST_F(MetricsTest, TheConfigurationTellsItsRevision) {
  EXPECT_TRUE(Has(R"(postwatch_collector_config_info{revision="v1.2"} 1)"));
}

TEST_F(MetricsTest, AgentsTellOfThemselves) {
  AgentRecord up;
  up.vantage.agent = "eu-1";
  up.vantage.region = "eu";
  up.connected = true;
  up.last_heard = Noon();
  up.spooled = 18446744073709551615u;
  AgentRecord down;
  down.vantage.agent = "us-1";
  down.vantage.region = "us";
  down.dropped = 5;
  board.agents = {up, down};
  EXPECT_TRUE(Has(R"(postwatch_agent_up{agent="eu-1",region="eu"} 1)"));
  EXPECT_TRUE(Has(R"(postwatch_agent_up{agent="us-1",region="us"} 0)"));
  EXPECT_TRUE(
      Has(R"(postwatch_agent_last_heard_timestamp_seconds{agent="eu-1",region="eu"} 1793620800)"));
  EXPECT_TRUE(Has(
      R"(postwatch_agent_spooled_observations{agent="eu-1",region="eu"} 18446744073709551615)"));
  EXPECT_TRUE(Has(R"(postwatch_agent_dropped_observations_total{agent="us-1",region="us"} 5)"));
}

TEST_F(MetricsTest, AnUnknownOrMaskedCheckHasNoValue) {
  TargetRow row{.target = "alpha.test", .provider = "own"};
  for (const CellState state :
       {CellState::kHealthy, CellState::kFailing, CellState::kMasked, CellState::kUnknown}) {
    row.cells.push_back({.region = std::string(CellStateName(state)),
                         .check_id = "alpha.test/smtp.mx",
                         .kind = "smtp.mx",
                         .state = state});
  }
  board.targets = {row};
  const std::string labels = R"({target="alpha.test",provider="own",kind="smtp.mx",region=)";
  EXPECT_TRUE(Has(Concat("postwatch_check_success", labels, "\"healthy\"} 1")));
  EXPECT_TRUE(Has(Concat("postwatch_check_success", labels, "\"failing\"} 0")));
  EXPECT_EQ(Page().find("region=\"masked\""), std::string::npos);
  EXPECT_EQ(Page().find("region=\"unknown\""), std::string::npos);
}

TEST_F(MetricsTest, IncidentsAreCountedByLevelWithTheirZeros) {
  Incident local = AccessOutage();
  local.verdict.level = VerdictLevel::kLocal;
  board.open = {AccessOutage(), AccessOutage(), local};
  EXPECT_TRUE(Has(R"(postwatch_incidents_open{level="real"} 2)"));
  EXPECT_TRUE(Has(R"(postwatch_incidents_open{level="local"} 1)"));
  EXPECT_TRUE(Has(R"(postwatch_incidents_open{level="insufficient_visibility"} 0)"));
}

TEST_F(MetricsTest, CountersOfEveryPart) {
  engine = {.sightings = 11, .incidents_opened = 12, .alerts = 13, .confirmations = 14};
  ingest.observations = 21;
  ingest.committed = 20;
  ingest.rejected["future"] = 1;
  sinks = {{.sink = "chat", .delivered = 1, .failed_tries = 2, .given_up = 3, .waiting = 4}};
  for (const char* line : {
           "postwatch_sightings_total 11",
           "postwatch_incidents_opened_total 12",
           "postwatch_alerts_decided_total 13",
           "postwatch_confirmations_total 14",
           "postwatch_ingest_observations_total 21",
           "postwatch_ingest_committed_total 20",
           R"(postwatch_ingest_rejected_total{reason="future"} 1)",
           R"(postwatch_alerts_delivered_total{sink="chat"} 1)",
           R"(postwatch_alert_failures_total{sink="chat"} 2)",
           R"(postwatch_alerts_given_up_total{sink="chat"} 3)",
           R"(postwatch_alerts_waiting{sink="chat"} 4)",
           "postwatch_store_errors_total 3",
           "postwatch_collector_config_last_reload_successful 0",
           "postwatch_collector_config_last_reload_success_timestamp_seconds 1793620800",
           R"(postwatch_collector_build_info{version="1.2\"3"} 1)",
           "postwatch_collector_active 1",
       }) {
    EXPECT_TRUE(Has(line)) << line;
  }
}

TEST(StandbyMetricsTest, SayThatItStandsBy) {
  EXPECT_EQ(RenderStandbyMetrics("1.2"),
            "# HELP postwatch_collector_build_info Always 1; the version is a label.\n"
            "# TYPE postwatch_collector_build_info gauge\n"
            "postwatch_collector_build_info{version=\"1.2\"} 1\n"
            "# HELP postwatch_collector_active 1 when this collector acts, 0 when it stands by.\n"
            "# TYPE postwatch_collector_active gauge\n"
            "postwatch_collector_active 0\n");
}

}  // namespace
}  // namespace postwatch::collector
