#include "collector/web/api.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "collector/store/open_store.h"
#include "collector/web/board_json.h"
#include "collector/web/findings_json.h"
#include "common/base/text.h"
#include "common/http/request_target.h"
#include "tests/contract/store_samples.h"
#include "tests/support/fake_store.h"
#include "tests/support/incident_samples.h"

namespace postwatch::collector {
namespace {

class FixedBoard : public BoardSource {
 public:
  Board Current() const override { return board; }
  FindingList CurrentFindings() const override { return findings; }
  Board board;
  FindingList findings;
};

// Remembers what it was asked for, and can be told to fail.
class AskedStore : public FakeStore {
 public:
  using FakeStore::FakeStore;

  absl::StatusOr<std::vector<Sighting>> Observations(const ObservationQuery& query) override {
    observations = query;
    if (!failure.ok()) return failure;
    return FakeStore::Observations(query);
  }
  absl::StatusOr<std::vector<Incident>> Incidents(const IncidentQuery& query) override {
    incidents = query;
    if (!failure.ok()) return failure;
    return FakeStore::Incidents(query);
  }
  absl::StatusOr<std::optional<Incident>> FindIncident(const std::string& id) override {
    if (!failure.ok()) return failure;
    return FakeStore::FindIncident(id);
  }

  ObservationQuery observations;
  IncidentQuery incidents;
  absl::Status failure;
};

class ApiTest : public testing::Test {
 protected:
  // Every request gets exactly one answer.
  HttpResponse Ask(const std::string& method, const std::string& target,
                   std::map<std::string, std::string> headers = {}) {
    HttpRequest request{.method = method, .headers = std::move(headers)};
    EXPECT_TRUE(SplitTarget(target, request.path, request.query)) << target;
    std::vector<HttpResponse> answers;
    api(request, [&answers](HttpResponse answer) { answers.push_back(std::move(answer)); });
    EXPECT_EQ(answers.size(), 1u) << target;
    return answers.empty() ? HttpResponse{.status = 0} : answers.front();
  }
  HttpResponse Get(const std::string& target) { return Ask("GET", target); }

  static std::string Error(const HttpResponse& response) {
    EXPECT_EQ(response.content_type, "application/json");
    return std::to_string(response.status) + " " + response.body;
  }

  AskedStore store{OpenStore("sqlite::memory:").value()};
  FixedBoard board;
  absl::Status accepts, ready, reloaded;
  int reloads = 0;
  absl::Status forgotten;
  std::vector<std::string> forgets;
  HttpHandler api = MakeApi(
      {.board = &board,
       .read_store =
           [this](std::function<void(Store&)> work) {
             if (accepts.ok()) work(store);
             return accepts;
           },
       .metrics = [] { return std::string("up 1\n"); },
       .ready = [this] { return ready; },
       .reload =
           [this] {
             ++reloads;
             return reloaded;
           },
       .forget_agent =
           [this](const std::string& agent, const std::function<void(const absl::Status&)>& done) {
             forgets.push_back(agent);
             done(forgotten);
           },
       .plan =
           [] {
             return FleetPlan{{{.id = "alpha.test/smtp.mx",
                                .kind = "smtp.mx",
                                .target = "alpha.test",
                                .provider = "own",
                                .leg = Leg::kInbound,
                                .interval = absl::Seconds(30)}}};
           },
       .crossed_by =
           [](const Sighting& sighting) {
             return std::vector<ComponentRef>{{"agent", sighting.vantage.agent}};
           }});
};

TEST_F(ApiTest, HealthAndReadiness) {
  EXPECT_EQ(Get("/-/healthy").status, 200);
  EXPECT_EQ(Get("/-/healthy").body, "healthy\n");
  EXPECT_EQ(Get("/-/ready").body, "ready\n");
  ready = absl::UnavailableError("the engine does not tick");
  EXPECT_EQ(Get("/-/ready").status, 503);
  EXPECT_EQ(Get("/-/ready").body, "not ready: the engine does not tick\n");
  EXPECT_EQ(Get("/-/healthy").status, 200);
}

TEST_F(ApiTest, Metrics) {
  const HttpResponse metrics = Get("/metrics");
  EXPECT_EQ(metrics.status, 200);
  EXPECT_EQ(metrics.content_type, "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_EQ(metrics.body, "up 1\n");
}

TEST_F(ApiTest, ThePageAndItsParts) {
  EXPECT_EQ(Get("/").content_type, "text/html; charset=utf-8");
  EXPECT_NE(Get("/").body.find("<!doctype html>"), std::string::npos);
  EXPECT_EQ(Get("/app.js").status, 200);
  EXPECT_EQ(Get("/style.css").status, 200);
}

TEST_F(ApiTest, ReloadIsAPost) {
  EXPECT_EQ(Get("/-/reload").status, 405);
  EXPECT_EQ(reloads, 0);
  const HttpResponse done = Ask("POST", "/-/reload");
  EXPECT_EQ(done.status, 200);
  EXPECT_EQ(done.body, "reloaded\n");
  EXPECT_EQ(reloads, 1);
  reloaded = absl::InvalidArgumentError("c.yaml:1: tls: is missing");
  EXPECT_EQ(Error(Ask("POST", "/-/reload")), R"(400 {"error":"c.yaml:1: tls: is missing"})");
}

TEST_F(ApiTest, NothingElseIsWritten) {
  for (const char* method : {"POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"}) {
    EXPECT_EQ(Ask(method, "/api/v1/board").status, 405) << method;
    EXPECT_EQ(Ask(method, "/").status, 405) << method;
  }
  EXPECT_EQ(Ask("PUT", "/-/reload").status, 405);
  EXPECT_EQ(reloads, 0);
}

TEST_F(ApiTest, ARetiredAgentIsForgotten) {
  const std::map<std::string, std::string> client = {{"x-postwatch-client", "test"}};
  const HttpResponse done = Ask("DELETE", "/api/v1/agents/eu-1", client);
  EXPECT_EQ(Error(done), R"(200 {"forgotten":"eu-1"})");
  EXPECT_EQ(forgets, std::vector<std::string>{"eu-1"});
  forgotten = absl::NotFoundError("there is no agent 'eu-2'");
  EXPECT_EQ(Error(Ask("DELETE", "/api/v1/agents/eu-2", client)),
            R"(404 {"error":"there is no agent 'eu-2'"})");
  forgotten = absl::FailedPreconditionError("agent 'eu-3' is connected");
  EXPECT_EQ(Error(Ask("DELETE", "/api/v1/agents/eu-3", client)),
            R"(409 {"error":"agent 'eu-3' is connected"})");
  forgotten = absl::InternalError("disk full");
  EXPECT_EQ(Ask("DELETE", "/api/v1/agents/eu-3", client).status, 503);
}

TEST_F(ApiTest, OnlyAClientThatSaysSoForgetsAnAgent) {
  EXPECT_EQ(Error(Ask("DELETE", "/api/v1/agents/eu-1")),
            R"(403 {"error":"a request that changes something needs the header )"
            R"(X-Postwatch-Client, of any value"})");
  const std::map<std::string, std::string> client = {{"x-postwatch-client", "test"}};
  for (const char* method : {"GET", "HEAD", "POST", "PUT", "OPTIONS"}) {
    EXPECT_EQ(Ask(method, "/api/v1/agents/eu-1", client).status, 405) << method;
  }
  EXPECT_EQ(Ask("DELETE", "/api/v1/agents", client).status, 405);
  EXPECT_EQ(Ask("DELETE", "/api/v1/agents/eu-1?force=1", client).status, 400);
  EXPECT_EQ(forgets.size(), 0u);
}

TEST_F(ApiTest, HeadIsAnsweredAsGet) {
  EXPECT_EQ(Ask("HEAD", "/-/healthy").body, "healthy\n");  // the server leaves the body out
  EXPECT_EQ(Ask("HEAD", "/api/v1/board").status, 200);
}

TEST_F(ApiTest, WhatThereIsNotIsNotFound) {
  EXPECT_EQ(Get("/nothing").status, 404);
  EXPECT_EQ(Get("/../etc/passwd").status, 404);
  EXPECT_EQ(Get("/api/v1").status, 404);
  EXPECT_EQ(Error(Get("/api/v1/secr%22ets")),
            R"(404 {"error":"/api/v1/ knows board, targets, findings, agents, incidents, )"
            R"(observations, history, config and export, but not 'secr\"ets'"})");
  EXPECT_EQ(Get("/api/v1/boards").status, 404);
}

TEST_F(ApiTest, HistoryByTheHour) {
  Observation run;
  run.id = std::string(32, 'a');
  run.kind = "smtp.mx";
  run.check_id = "a.test/smtp.mx";
  run.target = "a.test";
  run.started = Noon();
  Sighting sighting{.observation = run};
  sighting.vantage.agent = "a1";
  sighting.spool_id = "s";
  sighting.sequence = 1;
  sighting.received = Noon() + absl::Seconds(1);
  ASSERT_TRUE(store.Append({sighting}).ok());
  const int64_t noon = absl::ToUnixSeconds(Noon());
  const std::string all = Get(Concat("/api/v1/history?target=a.test&from=", noon)).body;
  EXPECT_NE(all.find(R"("check":"a.test/smtp.mx","agent":"a1","pass":1,"fail":0)"), all.npos)
      << all;
  EXPECT_EQ(Get(Concat("/api/v1/history?check=a.test/smtp.mx&from=", noon, "&to=", noon)).body,
            R"({"hours":[],"next":null,"complete":true})");
  EXPECT_EQ(Error(Get("/api/v1/history?target=a.test")), R"(400 {"error":"from: is missing"})");
  EXPECT_EQ(Error(Get("/api/v1/history?agent=a1&from=0")),
            R"(400 {"error":"target or check: one of them is needed"})");
}

TEST_F(ApiTest, TheBoardInWholeAndInParts) {
  AgentRecord agent;
  agent.vantage.agent = "eu-1";
  board.board = {.at = Noon(),
                 .regions = {"eu"},
                 .targets = {{.target = "alpha.test"}},
                 .agents = {agent},
                 .open = {AccessOutage()}};
  EXPECT_EQ(Get("/api/v1/board").body, BoardJson(board.board));
  EXPECT_EQ(Get("/api/v1/targets").body, TargetsJson(board.board));
  EXPECT_EQ(Get("/api/v1/agents").body, AgentsJson(board.board));
  EXPECT_EQ(Get("/api/v1/agents").content_type, "application/json");
}

TEST_F(ApiTest, FindingsAllOrOfATargetOrAClass) {
  for (const std::string target : {"alpha.test", "beta.test"}) {
    board.findings.findings.push_back({.target = target,
                                       .check_id = target + "/dns.dmarc",
                                       .kind = "dns.dmarc",
                                       .leg = Leg::kDns,
                                       .klass = FailureClass::kDmarcMissing,
                                       .words = {{"none", {"eu"}, Noon()}}});
  }
  const FindingList& list = board.findings;
  EXPECT_EQ(Get("/api/v1/findings").body, FindingsJson(list, {.limit = 100}));
  EXPECT_EQ(Get("/api/v1/findings?limit=0").body, FindingsJson(list, {.limit = 0}));
  EXPECT_EQ(Get("/api/v1/findings?target=beta.test&class=dmarc_missing&limit=1").body,
            FindingsJson(
                list, {.target = "beta.test", .klass = FailureClass::kDmarcMissing, .limit = 1}));
  EXPECT_EQ(Error(Get("/api/v1/findings?class=dmarc")),
            R"(400 {"error":"class: there is no failure class 'dmarc'"})");
  EXPECT_EQ(Get("/api/v1/findings?limit=1001").status, 400);
  EXPECT_EQ(Get("/api/v1/findings?since=1").status, 400);
  EXPECT_EQ(Ask("POST", "/api/v1/findings").status, 405);
}

TEST_F(ApiTest, IncidentsOpenOrAll) {
  Decision decision;
  decision.incidents = {MakeIncident("inc-a", absl::Seconds(1)),
                        MakeIncident("inc-b", absl::Seconds(2))};
  decision.incidents[1].state = IncidentState::kResolved;
  ASSERT_TRUE(store.Commit(decision).ok());
  EXPECT_EQ(Get("/api/v1/incidents").body,
            IncidentsJson({decision.incidents[1], decision.incidents[0]}));
  EXPECT_FALSE(store.incidents.open_only);
  EXPECT_EQ(Get("/api/v1/incidents?state=all").body, Get("/api/v1/incidents").body);
  EXPECT_EQ(Get("/api/v1/incidents?state=open").body, IncidentsJson({decision.incidents[0]}));
  EXPECT_TRUE(store.incidents.open_only);
}

TEST_F(ApiTest, OneIncident) {
  Decision decision;
  decision.incidents = {MakeIncident("inc-a", absl::Seconds(1))};
  ASSERT_TRUE(store.Commit(decision).ok());
  const HttpResponse found = Get("/api/v1/incidents/inc-a");
  EXPECT_EQ(found.status, 200);
  EXPECT_TRUE(found.body.starts_with(R"({"id":"inc-a","state":"open",)")) << found.body;
  EXPECT_EQ(Error(Get("/api/v1/incidents/inc-b")),
            R"(404 {"error":"there is no incident 'inc-b'"})");
  EXPECT_EQ(Get("/api/v1/incidents/").status, 404);
  EXPECT_EQ(Get("/api/v1/incidents/inc-a%27%20OR%201=1").status, 404);
}

TEST_F(ApiTest, LimitsAreKeptWithinTheirRange) {
  const auto limit_of = [this](const std::string& query) {
    Get("/api/v1/incidents" + query);
    Get("/api/v1/observations" + query);
    EXPECT_EQ(store.incidents.limit, store.observations.limit);
    return store.incidents.limit;
  };
  EXPECT_EQ(limit_of(""), 100);
  EXPECT_EQ(limit_of("?limit=7"), 7);
  EXPECT_EQ(limit_of("?limit=1000"), 1000);
}

TEST_F(ApiTest, ParametersThatMakeNoSenseAreRefused) {
  const std::vector<std::pair<std::string, std::string>> refused = {
      {"incidents?state=banana", "state: 'banana' is not one of open, all"},
      {"incidents?limit=-5", "limit: '-5' is not a whole number from 1 to 1000"},
      {"incidents?limit=1001", "limit: '1001' is not a whole number from 1 to 1000"},
      {"incidents?stat=open", "'stat' is no parameter here; there are state, limit"},
      {"incidents/inc-a?limit=1", "'limit' is no parameter here; there are none"},
      {"observations?outcome=sick", "outcome: 'sick' is not one of pass, fail, not_tested"},
      {"observations?since=yesterday",
       "since: 'yesterday' is not a whole number from 0 to 253402300799"},
      {"observations?limit=many", "limit: 'many' is not a whole number from 1 to 1000"},
      {"observations?state=open",
       "'state' is no parameter here; there are agent, target, check, outcome, limit, since"},
      {"board?x=1", "'x' is no parameter here; there are none"},
      {"targets?x", "'x' is no parameter here; there are none"},
      {"agents?x=1", "'x' is no parameter here; there are none"}};
  for (const auto& [target, error] : refused) {
    EXPECT_EQ(Error(Get("/api/v1/" + target)), R"(400 {"error":")" + error + R"("})") << target;
  }
}

TEST_F(ApiTest, ExportsWhatCameInBetween) {
  ASSERT_TRUE(store.Append({MakeSighting("a1", 1), MakeSighting("a1", 2)}).ok());
  const HttpResponse all = Get("/api/v1/export?since=0");
  EXPECT_EQ(all.status, 200);
  EXPECT_EQ(all.content_type, "application/x-ndjson");
  EXPECT_EQ(std::ranges::count(all.body, '\n'), 3);
  EXPECT_TRUE(
      all.body.starts_with(R"({"type":"topology","v":1,"interval_s":30,"agents":[{"id":"a1",)"))
      << all.body;
  EXPECT_NE(all.body.find(R"("crossed":["agent:a1"]})"), std::string::npos) << all.body;
  const HttpResponse one = Get("/api/v1/export?since=1700000001&until=1700000002");
  EXPECT_EQ(std::ranges::count(one.body, '\n'), 2);
  EXPECT_NE(one.body.find("\"seq\":1,"), std::string::npos) << one.body;
  EXPECT_EQ(Error(Get("/api/v1/export")), R"(400 {"error":"since: is missing"})");
  EXPECT_EQ(Get("/api/v1/export?since=1&until=soon").status, 400);
  EXPECT_EQ(Get("/api/v1/export?since=1&limit=5").status, 400);
  store.failure = absl::InternalError("disk full");
  EXPECT_EQ(Get("/api/v1/export?since=1").status, 503);
}

TEST_F(ApiTest, ObservationsByWhatIsAsked) {
  ASSERT_TRUE(store.Append({MakeSighting("a1", 1), MakeSighting("a1", 2)}).ok());
  EXPECT_EQ(Get("/api/v1/observations").body,
            ObservationsJson({MakeSighting("a1", 2), MakeSighting("a1", 1)}));
  Get("/api/v1/observations?agent=a1&target=alpha.test&check=alpha.test%2Fsmtp.mx&outcome=fail"
      "&since=1700000000");
  EXPECT_EQ(store.observations.agent, "a1");
  EXPECT_EQ(store.observations.target, "alpha.test");
  EXPECT_EQ(store.observations.check_id, "alpha.test/smtp.mx");
  EXPECT_EQ(store.observations.outcome, "fail");
  EXPECT_EQ(store.observations.from, ContractTime());
  EXPECT_TRUE(store.observations.newest_first);
  Get("/api/v1/observations");
  EXPECT_EQ(store.observations.from, absl::InfinitePast());
}

TEST_F(ApiTest, AStoreThatRefusesOrFailsIsUnavailable) {
  const std::vector<std::string> reads = {"/api/v1/incidents", "/api/v1/incidents/inc-a",
                                          "/api/v1/observations"};
  accepts = absl::ResourceExhaustedError("the store has too much to do");
  for (const std::string& read : reads) {
    EXPECT_EQ(Error(Get(read)), R"(503 {"error":"the store has too much to do"})") << read;
  }
  accepts = absl::OkStatus();
  store.failure = absl::InternalError("disk \"full\"");
  for (const std::string& read : reads) {
    EXPECT_EQ(Error(Get(read)), R"(503 {"error":"disk \"full\""})") << read;
  }
}

}  // namespace
}  // namespace postwatch::collector
