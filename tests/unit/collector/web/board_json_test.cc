#include "collector/web/board_json.h"

#include <gtest/gtest.h>

#include "tests/support/incident_samples.h"

namespace postwatch::collector {
namespace {

TEST(BoardJson, AnEmptyBoardIsWellFormed) {
  EXPECT_EQ(BoardJson({.at = Noon()}),
            R"({"at":"2026-11-02T12:00:00.000Z","regions":[],"kinds":[],"targets":[],"agents":[],)"
            R"("incidents":[]})");
}

TEST(BoardJson, HoldsItsParts) {
  Board board{.at = Noon(),
              .kinds = {{"smtp.mx", Leg::kInbound}, {"dns.mx", Leg::kDns}},
              .regions = {"eu", "us"},
              .targets = {{.target = "alpha.test"}}};
  board.open = {AccessOutage()};
  const std::string json = BoardJson(board);
  const std::string targets = TargetsJson(board);
  const std::string incidents = IncidentsJson(board.open);
  EXPECT_EQ(json, R"({"at":"2026-11-02T12:00:00.000Z","regions":["eu","us"],)"
                  R"("kinds":[{"kind":"smtp.mx","leg":"inbound"},{"kind":"dns.mx","leg":"dns"}],)" +
                      targets.substr(1, targets.size() - 2) + R"(,"agents":[],)" +
                      incidents.substr(1));
}

TEST(TargetsJson, ShowsCellsAndLeavesOutWhatIsNot) {
  TargetRow row{.target = "alpha.test", .provider = "own"};
  row.cells.push_back({.region = "eu",
                       .check_id = "alpha.test/smtp.mx",
                       .kind = "smtp.mx",
                       .state = CellState::kFailing,
                       .failure_class = "tcp_refused",
                       .detail = "198.51.100.7:25 <refused>",
                       .last_seen = Noon(),
                       .agents_healthy = 1,
                       .agents_failing = 2});
  row.cells.push_back({.region = "us",
                       .check_id = "alpha.test/smtp.mx",
                       .kind = "smtp.mx",
                       .last_seen = absl::InfinitePast()});
  EXPECT_EQ(TargetsJson({.targets = {row}}),
            R"({"targets":[{"target":"alpha.test","provider":"own","cells":[)"
            R"({"region":"eu","check":"alpha.test/smtp.mx","kind":"smtp.mx","state":"failing",)"
            R"("class":"tcp_refused","detail":"198.51.100.7:25 \u003crefused>",)"
            R"("last_seen":"2026-11-02T12:00:00.000Z","agents_healthy":1,"agents_failing":2},)"
            R"({"region":"us","check":"alpha.test/smtp.mx","kind":"smtp.mx","state":"unknown",)"
            R"("last_seen":null,"agents_healthy":0,"agents_failing":0}]}]})");
}

TEST(AgentsJson, ShowsWhereAnAgentStandsAndHowItIs) {
  AgentRecord agent;
  agent.vantage = {"eu-1", "eu", "eu-a", "AS64500", "192.0.2.53:53"};
  agent.version = "0.1.0";
  agent.boot_id = "not shown";
  agent.connected = true;
  agent.last_heard = Noon();
  agent.clock_offset = absl::Milliseconds(-250);
  agent.spooled = 3;
  agent.dropped = 4;
  agent.problems = {"check x: \"bad\""};
  EXPECT_EQ(AgentsJson({.agents = {agent}, .cannot_run = {{"eu-1", {"dns.caa", "dns.spf"}}}}),
            R"({"agents":[{"agent":"eu-1","region":"eu","zone":"eu-a","network":"AS64500",)"
            R"("resolver":"192.0.2.53:53","version":"0.1.0","connected":true,)"
            R"("last_heard":"2026-11-02T12:00:00.000Z","clock_offset_seconds":-0.25,)"
            R"("spooled":3,"dropped":4,"problems":["check x: \"bad\""],)"
            R"("cannot_run":["dns.caa","dns.spf"]}]})");
}

Sighting FailedRun() {
  Sighting sighting;
  sighting.vantage = {"eu-1", "eu", "", "AS64500", "192.0.2.53:53"};
  sighting.provider = "own";
  sighting.leg = Leg::kInbound;
  sighting.sequence = 9;
  sighting.received = Noon();
  Observation& run = sighting.observation;
  run.id = "00000000000000000000000000000001";
  run.check_id = "alpha.test/smtp.mx";
  run.kind = "smtp.mx";
  run.target = "alpha.test";
  run.started = Noon() - absl::Seconds(2);
  run.took = absl::Milliseconds(1500);
  run.outcome = Outcome::kFail;
  run.steps = {{"connect", absl::Milliseconds(500)}, {"banner", absl::Seconds(1)}};
  Failure failure{.klass = FailureClass::kSmtpBannerRefusedTemp, .step = "banner", .detail = "no"};
  failure.reply = Reply{421, "4.3.2", "421 4.3.2 <later>", "basic.421"};
  run.failure = failure;
  run.touched = {{"mx", "mx1.alpha.test"}};
  run.findings = {{.klass = FailureClass::kTlsNotOffered, .step = "ehlo", .detail = "no STARTTLS"}};
  run.evidence.facts = {{"ip", "198.51.100.7"}};
  run.evidence.transcript = {"S: 421 4.3.2 <later>"};
  run.amends = "00000000000000000000000000000002";
  run.run_request = "confirm-1";
  return sighting;
}

TEST(ObservationsJson, ShowsEveryField) {
  EXPECT_EQ(
      ObservationsJson({FailedRun()}),
      R"({"observations":[{"id":"00000000000000000000000000000001","agent":"eu-1","region":"eu",)"
      R"("check":"alpha.test/smtp.mx","kind":"smtp.mx","target":"alpha.test","provider":"own",)"
      R"("leg":"inbound","sequence":9,"started":"2026-11-02T11:59:58.000Z",)"
      R"("received":"2026-11-02T12:00:00.000Z","seconds":1.5,"outcome":"fail",)"
      R"("failure":{"class":"smtp_banner_refused_temp","step":"banner","detail":"no",)"
      R"("reply":{"code":421,"enhanced":"4.3.2","text":"421 4.3.2 \u003clater>",)"
      R"("rule":"basic.421"}},"amends":"00000000000000000000000000000002",)"
      R"("run_request":"confirm-1","steps":[{"name":"connect","seconds":0.5},)"
      R"({"name":"banner","seconds":1}],"touched":["mx:mx1.alpha.test"],)"
      R"("findings":[{"class":"tls_not_offered","step":"ehlo","detail":"no STARTTLS"}],)"
      R"("facts":{"ip":"198.51.100.7"},"transcript":["S: 421 4.3.2 \u003clater>"]}]})");
}

TEST(ObservationsJson, APassHasNoFailureAndOneNotTestedSaysWhy) {
  Sighting pass = FailedRun();
  pass.observation.outcome = Outcome::kPass;
  pass.observation.failure.reset();
  pass.observation.amends.clear();
  const std::string passed = ObservationsJson({pass});
  EXPECT_NE(passed.find(R"("outcome":"pass","run_request":"confirm-1","steps":)"), passed.npos);
  Sighting skipped = pass;
  skipped.observation.outcome = Outcome::kNotTested;
  skipped.observation.not_tested_reason = "no IPv6 here";
  const std::string json = ObservationsJson({skipped});
  EXPECT_NE(json.find(R"("outcome":"not_tested","not_tested_reason":"no IPv6 here",)"), json.npos);
}

}  // namespace
}  // namespace postwatch::collector
