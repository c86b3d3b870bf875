// What a collector made of what it saw is what a replay of its export makes of it.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <vector>

#include "absl/strings/str_format.h"
#include "cli/command.h"
#include "cli/fleet/export_command.h"
#include "cli/fleet/replay_command.h"
#include "collector/correlate/correlator.h"
#include "collector/correlate/crossing.h"
#include "collector/model/board.h"
#include "collector/scenario/incident_lines.h"
#include "collector/store/open_store.h"
#include "collector/web/api.h"
#include "common/base/text.h"
#include "tests/support/command_run.h"
#include "tests/support/http_fixture.h"
#include "tests/support/test_folder.h"

namespace postwatch::collector {
namespace {

constexpr int64_t kStart = 1'790'000'000;
constexpr int kMinutes = 20;

FleetPlan Plan() {
  FleetPlan plan{{{.id = "witness", .kind = "witness", .interval = absl::Seconds(30)}}};
  for (const std::string domain : {"alpha.test", "beta.test"}) {
    plan.checks.push_back({.id = domain + "/smtp.mx",
                           .kind = "smtp.mx",
                           .target = domain,
                           .provider = "own",
                           .leg = Leg::kInbound});
    plan.checks.push_back({.id = domain + "/imap.access",
                           .kind = "imap.access",
                           .target = domain,
                           .provider = "own",
                           .leg = Leg::kAccess});
  }
  return plan;
}

// IMAP is refused from the fifth minute to the twelfth, a greeting of the MX is late once.
std::optional<FailureClass> FailureOf(const CheckSpec& check, int agent, int minute) {
  if (check.leg == Leg::kAccess && minute >= 5 && minute < 12) return FailureClass::kTcpRefused;
  if (check.leg == Leg::kInbound && agent == 2 && minute == 3) return FailureClass::kReadTimeout;
  return std::nullopt;
}

Sighting MakeSighting(const CheckSpec& check, int agent, int minute, uint64_t sequence,
                      absl::Time ended) {
  const std::string name = Concat("agent-", agent);
  Sighting sighting{
      .vantage = {name, agent < 2 ? "eu" : "us", "", Concat("AS", agent), "192.0.2.53:53"},
      .provider = check.provider,
      .leg = check.leg,
      .spool_id = "spool",
      .sequence = sequence,
      .received = ended + absl::Microseconds(210'413)};
  Observation& seen = sighting.observation;
  seen.id = absl::StrFormat("%016x%016x", agent, sequence);
  seen.check_id = check.id;
  seen.kind = check.kind;
  seen.target = check.target;
  seen.took = absl::Milliseconds(120);
  seen.started = ended - seen.took - absl::Seconds(agent * 7);  // clocks are off
  if (check.leg == Leg::kInbound) {
    seen.touched = {{"zone", check.target}, {"mx", "mx.own.test"}, {"site", "192.0.2.25"}};
  } else if (check.leg == Leg::kAccess) {
    seen.touched = {{"svc", "own/imap"}, {"site", "192.0.2.143"}, {"acct", "p@" + check.target}};
  }
  if (const auto klass = FailureOf(check, agent, minute)) {
    seen.outcome = Outcome::kFail;
    seen.failure = Failure{.klass = *klass, .step = "connect", .detail = "as made"};
  }
  return sighting;
}

std::vector<Sighting> Sightings() {
  std::vector<Sighting> sightings;
  std::map<int, uint64_t> sequences;
  const FleetPlan plan = Plan();
  for (int minute = 0; minute < kMinutes; ++minute) {
    for (size_t i = 0; i < plan.checks.size(); ++i) {
      for (int agent = 0; agent < 4; ++agent) {
        const absl::Time ended = absl::FromUnixSeconds(kStart + minute * 60) +
                                 absl::Milliseconds(static_cast<int>(i) * 9000 + agent * 1777);
        sightings.push_back(MakeSighting(plan.checks[i], agent, minute, ++sequences[agent], ended));
      }
    }
  }
  std::ranges::stable_sort(sightings, {}, &Sighting::received);
  return sightings;
}

// As the engine does it: sightings as they come in, and a tick twice a second.
std::string Live(const std::vector<Sighting>& sightings) {
  const auto correlator = MakeCorrelator({.agent_silent_after = absl::Minutes(2)});
  correlator->SetPlan(Plan());
  IncidentLines lines;
  std::string said;
  const auto tell = [&](const Findings& findings) {
    for (const IncidentChange& change : findings.changes) {
      const std::string line = lines.Tell(change);
      if (!line.empty()) Append(said, line, "\n");
    }
  };
  absl::Time tick = absl::FromUnixSeconds(kStart);
  for (const Sighting& sighting : sightings) {
    for (; tick < sighting.received; tick += absl::Milliseconds(500)) tell(correlator->Tick(tick));
    tell(correlator->Observe(sighting, sighting.received));
  }
  return said;
}

class NoBoard : public BoardSource {
 public:
  Board Current() const override { return {}; }
  FindingList CurrentFindings() const override { return {}; }
};

class ExportTest : public testing::Test {
 protected:
  // The store's work is done on the server's loop.
  HttpHandler Api() {
    return MakeApi({.board = &board,
                    .read_store =
                        [this](const std::function<void(Store&)>& work) {
                          work(*store);
                          return absl::OkStatus();
                        },
                    .metrics = [] { return std::string(); },
                    .ready = [] { return absl::OkStatus(); },
                    .reload = [] { return absl::OkStatus(); },
                    .forget_agent = [](const auto&, const auto&) {},
                    .plan = Plan,
                    .crossed_by = CrossedBy});
  }

  const TestFolder dir;
  NoBoard board;
  std::unique_ptr<Store> store = OpenStore("sqlite::memory:").value();
};

TEST_F(ExportTest, ReplaysToWhatWasSaidLive) {
  const std::vector<Sighting> sightings = Sightings();
  ASSERT_TRUE(store->Append(sightings).ok());
  const std::string live = Live(sightings);
  ASSERT_NE(live.find("\"alert\":true"), std::string::npos) << live;
  ASSERT_NE(live.find("\"event\":\"close\""), std::string::npos) << live;

  HttpFixture http(Api());
  const CommandRun exported =
      RunCommand(cli::RunExport, {"--since", "2026-09-21T00:00:00Z", "--until",
                                  Concat(kStart + kMinutes * 60), "--collector", http.Url("")});
  EXPECT_EQ(exported.code, cli::kOk) << exported.err;
  EXPECT_EQ(std::ranges::count(exported.out, '\n'), 1 + std::ssize(sightings));
  const std::string file = dir / "outage.jsonl";
  std::ofstream(file) << exported.out;
  const CommandRun replayed = RunCommand(cli::RunReplay, {file});
  EXPECT_EQ(replayed.code, cli::kOk) << replayed.err;
  EXPECT_EQ(replayed.out, live);
}

TEST_F(ExportTest, MistakesOfUsageExit64) {
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{},
                                             {"--since", "today"},
                                             {"--since", "-1"},
                                             {"--since", "1", "--until", "x"},
                                             {"--since", "1", "word"},
                                             {"--from", "1"}}) {
    const CommandRun outcome = RunCommand(cli::RunExport, words);
    EXPECT_EQ(outcome.code, cli::kUsage) << Join(words, " ");
    EXPECT_NE(outcome.err, "") << Join(words, " ");
    EXPECT_EQ(outcome.out, "");
  }
  EXPECT_EQ(RunCommand(cli::RunExport, {"--help"}).code, cli::kOk);
}

TEST_F(ExportTest, WhatTheCollectorRefusesIsTold) {
  HttpFixture http(ErrorResponse(400, "there are too many"));
  const CommandRun outcome =
      RunCommand(cli::RunExport, {"--since", "12", "--collector", http.Url("")});
  EXPECT_EQ(outcome.code, cli::kUnknown);
  EXPECT_EQ(outcome.out, "");
  EXPECT_NE(outcome.err.find("/api/v1/export?since=12 answered 400: there are too many"),
            std::string::npos)
      << outcome.err;
}

}  // namespace
}  // namespace postwatch::collector
