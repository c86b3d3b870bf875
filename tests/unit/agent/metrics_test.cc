#include "agent/metrics.h"

#include <gtest/gtest.h>

namespace postwatch::agent {
namespace {

Observation Seen(const std::string& check, Outcome outcome) {
  Observation o;
  o.check_id = check;
  o.kind = "smtp.mx";
  o.target = "a\"b\\c\n.test";
  o.outcome = outcome;
  o.took = absl::Milliseconds(250);
  return o;
}

bool Has(const std::string& page, const std::string& line) {
  return page.find("\n" + line + "\n") != std::string::npos;
}

TEST(AgentMetrics, CountsByKindAndOutcomeAndEscapesLabels) {
  AgentMetrics metrics;
  metrics.Count(Seen("c", Outcome::kPass));
  metrics.Count(Seen("c", Outcome::kFail));
  metrics.Count(Seen("c", Outcome::kFail));
  const std::string page = metrics.Render({});
  EXPECT_TRUE(Has(page, "postwatch_agent_observations_total{kind=\"smtp.mx\",outcome=\"fail\"} 2"));
  EXPECT_TRUE(Has(page, "postwatch_agent_observations_total{kind=\"smtp.mx\",outcome=\"pass\"} 1"));
  EXPECT_TRUE(
      Has(page, "probe_success{check=\"c\",kind=\"smtp.mx\",target=\"a\\\"b\\\\c\\n.test\"} 0"));
  EXPECT_TRUE(
      Has(page,
          "probe_duration_seconds{check=\"c\",kind=\"smtp.mx\",target=\"a\\\"b\\\\c\\n.test\"} "
          "0.25"));
}

TEST(AgentMetrics, AnAmendmentIsCountedButIsNotTheLastRun) {
  AgentMetrics metrics;
  metrics.Count(Seen("c", Outcome::kPass));
  Observation late = Seen("c", Outcome::kFail);
  late.amends = "x";
  metrics.Count(late);
  EXPECT_NE(metrics.Render({}).find("probe_success{check=\"c\""), std::string::npos);
  EXPECT_EQ(metrics.Render({}).find("} 0\n"), std::string::npos);
}

TEST(AgentMetrics, ForgetsChecksThatAreNotInTheListAnyMore) {
  AgentMetrics metrics;
  metrics.Count(Seen("a", Outcome::kPass));
  metrics.Count(Seen("b", Outcome::kPass));
  CheckSpec b;
  b.id = "b";
  metrics.Keep({b});
  const std::string page = metrics.Render({});
  EXPECT_EQ(page.find("check=\"a\""), std::string::npos);
  EXPECT_NE(page.find("check=\"b\""), std::string::npos);
}

TEST(AgentMetrics, ShowsGaugesAndReloads) {
  AgentMetrics metrics;
  metrics.Reloaded(true, absl::FromUnixSeconds(1700000000));
  metrics.Reloaded(false, absl::FromUnixSeconds(1800000000));
  AgentGauges gauges;
  gauges.version = "1.2";
  gauges.spool_observations = 3;
  gauges.spool_writable = false;
  gauges.certificate_ends = absl::FromUnixSeconds(1793620800);
  gauges.spool_held = 2;
  gauges.spool_lost = 4;
  metrics.CountUnspoolable();
  gauges.connected = true;
  gauges.loop_lag = absl::Microseconds(1500);
  const std::string page = metrics.Render(gauges);
  EXPECT_TRUE(Has(page, "postwatch_agent_build_info{version=\"1.2\"} 1"));
  EXPECT_TRUE(Has(page, "postwatch_agent_spool_observations 3"));
  EXPECT_TRUE(Has(page, "postwatch_agent_spool_oldest_timestamp_seconds 0"));
  EXPECT_TRUE(Has(page, "postwatch_agent_spool_writable 0"));
  EXPECT_TRUE(Has(page, "postwatch_agent_own_certificate_expiry_timestamp_seconds 1793620800"));
  EXPECT_TRUE(Has(page, "postwatch_agent_spool_held_observations 2"));
  EXPECT_TRUE(Has(page, "postwatch_agent_lost_observations_total 5"));
  EXPECT_TRUE(Has(page, "postwatch_agent_connected 1"));
  EXPECT_TRUE(Has(page, "postwatch_agent_loop_lag_seconds 0.0015"));
  EXPECT_TRUE(Has(page, "postwatch_agent_config_last_reload_successful 0"));
  EXPECT_TRUE(Has(page, "postwatch_agent_config_last_reload_success_timestamp_seconds 1700000000"));
}

}  // namespace
}  // namespace postwatch::agent
