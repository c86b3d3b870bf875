// The commands that write files, and those that ask a collector over HTTP.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "cli/ca/ca_command.h"
#include "cli/command.h"
#include "cli/explain/explain_command.h"
#include "cli/fleet/show_commands.h"
#include "collector/model/incident_json.h"
#include "common/base/text.h"
#include "tests/support/command_run.h"
#include "tests/support/http_fixture.h"
#include "tests/support/incident_samples.h"
#include "tests/support/test_folder.h"

namespace postwatch::cli {
namespace {

namespace fs = std::filesystem;

class CaTest : public testing::Test {
 protected:
  CommandRun Ca(std::vector<std::string> words) {
    words.insert(words.end(), {"--dir", dir.string()});
    return RunCommand(RunCa, words);
  }
  std::string Read(const fs::path& file) const {
    std::ifstream in(dir / file);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
  }

  TestFolder folder;
  const fs::path dir = folder.path();
};

TEST_F(CaTest, ASecondAuthorityNeedsForceAndSaysWhatItCosts) {
  ASSERT_EQ(Ca({"init"}).code, kOk);
  const std::string first = Read("ca.pem");
  const CommandRun again = Ca({"init"});
  EXPECT_EQ(again.code, kUsage);
  EXPECT_EQ(again.err, Concat("postwatch ca: --force would replace ", (dir / "ca.pem").string(),
                              " and ", (dir / "ca.key").string(),
                              " and make everything issued with them worthless; nothing was "
                              "changed\n"));
  EXPECT_EQ(Read("ca.pem"), first);
  EXPECT_EQ(Ca({"init", "--force"}).code, kOk);
  EXPECT_NE(Read("ca.pem"), first);
}

TEST_F(CaTest, AnIdentityIsReplacedOnlyByForce) {
  ASSERT_EQ(Ca({"init"}).code, kOk);
  ASSERT_EQ(Ca({"issue", "agent", "eu", "eu-1"}).code, kOk);
  const std::string first = Read("eu-1/cert.pem");
  EXPECT_NE(first, "");
  const CommandRun again = Ca({"issue", "agent", "eu", "eu-1"});
  EXPECT_EQ(again.code, kUsage);
  EXPECT_NE(again.err.find("--force would replace"), std::string::npos) << again.err;
  EXPECT_EQ(Read("eu-1/cert.pem"), first);
  EXPECT_EQ(Ca({"issue", "agent", "eu", "eu-1", "--force"}).code, kOk);
  EXPECT_NE(Read("eu-1/cert.pem"), first);
}

TEST_F(CaTest, MistakesOfUsageExit64) {
  EXPECT_EQ(Ca({"init", "--days", "soon"}).code, kUsage);
  EXPECT_EQ(Ca({"init", "here"}).code, kUsage);
  EXPECT_EQ(Ca({"init", "--dns", "x.test"}).code, kUsage);
  EXPECT_FALSE(fs::exists(dir / "ca.pem"));
  ASSERT_EQ(Ca({"init"}).code, kOk);
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"issue"},
                                             {"issue", "collector"},
                                             {"issue", "collector", "--ip", "nowhere"},
                                             {"issue", "agent", "eu"},
                                             {"issue", "agent", "EU", "One"},
                                             {"issue", "agent", "eu", "eu-1", "--dns", "x.test"},
                                             {"issue", "agent", "eu", "eu-1", "--days", "0"},
                                             {"revoke"}}) {
    const CommandRun outcome = Ca(words);
    EXPECT_EQ(outcome.code, kUsage) << Join(words, " ");
    EXPECT_NE(outcome.err, "") << Join(words, " ");
  }
  EXPECT_EQ(RunCommand(RunCa, {}).code, kUsage);
}

TEST_F(CaTest, WhatTheMachineDoesNotHaveIsNoUsage) {
  const CommandRun none = Ca({"issue", "agent", "eu", "eu-1"});
  EXPECT_EQ(none.code, kUnknown);
  EXPECT_NE(none.err.find("`postwatch ca init` makes an authority"), std::string::npos) << none.err;
}

TEST_F(CaTest, ADamagedAuthorityIsRestoredNotReplaced) {
  ASSERT_EQ(Ca({"init"}).code, kOk);
  const std::string key = Read("ca.key");
  for (const char* file : {"ca.key", "ca.pem"}) {
    std::ofstream(dir / file) << "";
    const CommandRun damaged = Ca({"issue", "agent", "eu", "eu-1"});
    EXPECT_EQ(damaged.code, kUnknown);
    EXPECT_NE(damaged.err.find("restore ca.pem and ca.key from your copy"), std::string::npos)
        << damaged.err;
    EXPECT_EQ(damaged.err.find("ca init"), std::string::npos) << damaged.err;
    std::ofstream(dir / "ca.key") << key;
  }
}

TEST_F(CaTest, HelpNamesTheFlagsOfTheCommandAndNoOthers) {
  const CommandRun init = Ca({"init", "--help"});
  EXPECT_EQ(init.code, kOk);
  EXPECT_EQ(init.out.find("--dns"), std::string::npos) << init.out;
  EXPECT_EQ(init.out.find("--out"), std::string::npos) << init.out;
  EXPECT_NE(Ca({"issue", "--help"}).out.find("--dns"), std::string::npos);
  const CommandRun help = RunCommand(RunCa, {"--help"});
  EXPECT_EQ(help.code, kOk);
  EXPECT_NE(help.out.find("postwatch ca issue agent REGION NAME"), std::string::npos) << help.out;
}

TEST(ForgetCommand, AsksTheCollectorAndSaysWhatItAnswers) {
  HttpFixture collector([](const HttpRequest& request, const HttpReply& reply) {
    const bool connected = request.path.ends_with("eu-2");
    reply(connected ? ErrorResponse(409, "agent 'eu-2' is connected\x1b[31m")
                    : JsonResponse(R"({"forgotten":"eu-1"})"));
  });
  const CommandRun done =
      RunCommand(RunAgents, {"forget", "eu-1", "--collector", collector.Url("")});
  EXPECT_EQ(done.code, kOk) << done.err;
  EXPECT_EQ(done.out, "forgot eu-1\n");
  const HttpRequest request = collector.requests().at(0);
  EXPECT_EQ(request.method, "DELETE");
  EXPECT_EQ(request.path, "/api/v1/agents/eu-1");
  EXPECT_EQ(request.headers.count("x-postwatch-client"), 1u);

  const CommandRun refused =
      RunCommand(RunAgents, {"forget", "eu-2", "--collector", collector.Url("")});
  EXPECT_EQ(refused.code, kUnknown);
  EXPECT_EQ(refused.err, Concat("postwatch agents forget: ", collector.Url("/api/v1/agents/eu-2"),
                                " answered 409: agent 'eu-2' is connected?[31m\n"));
}

TEST(ShowCommandsOverHttp, AsksForWhatIsWantedAndPrintsIt) {
  HttpFixture collector([](const HttpRequest& request, const HttpReply& reply) {
    reply(JsonResponse(request.path == "/api/v1/agents"
                           ? R"({"agents":[{"agent":"eu-1","region":"eu","network":"AS1",)"
                             R"("connected":false,"last_heard":"then","spooled":3,"problems":[]}]})"
                           : R"({"incidents":[]})"));
  });
  EXPECT_EQ(RunCommand(RunAgents, {"--collector", collector.Url("")}).out,
            "eu-1             eu           AS1            SILENT     last heard then, 3 waiting\n");
  EXPECT_EQ(RunCommand(RunIncidents, {"--collector", collector.Url("/")}).out, "none\n");
  EXPECT_EQ(RunCommand(RunIncidents, {"--all", "--collector", collector.Url("")}).out, "none\n");
  const std::vector<HttpRequest> requests = collector.requests();
  ASSERT_EQ(requests.size(), 3u);
  EXPECT_EQ(requests[1].query, (std::map<std::string, std::string>{{"state", "open"}}));
  EXPECT_TRUE(requests[2].query.empty());
}

// A collector that has had `incidents`, the newest first.
HttpHandler CollectorOf(std::vector<collector::Incident> incidents) {
  return [incidents = std::move(incidents)](const HttpRequest& request, const HttpReply& reply) {
    JsonWriter out;
    const std::string wanted = request.path.substr(request.path.rfind('/') + 1);
    if (wanted != "incidents") {
      for (const collector::Incident& incident : incidents) {
        if (incident.id == wanted) WriteIncident(out, incident);
      }
      const std::string found = out.Take();
      reply(found.empty() ? ErrorResponse(404, Concat("there is no incident '", wanted, "'"))
                          : JsonResponse(found));
      return;
    }
    out.BeginObject();
    out.Key("incidents");
    out.BeginArray();
    for (const collector::Incident& incident : incidents) {
      const bool open = incident.state == collector::IncidentState::kOpen;
      if (open || request.query.at("state") == "all") WriteIncident(out, incident);
    }
    out.EndArray();
    out.EndObject();
    reply(JsonResponse(out.Take()));
  };
}

class ExplainTest : public testing::Test {
 protected:
  ExplainTest() {
    resolved_.id = "inc-01ffffffffff";
    resolved_.verdict.component = {"provider", "beta"};
  }
  // Of a collector that has had `incidents`.
  CommandRun Explain(std::vector<std::string> words, std::vector<collector::Incident> incidents) {
    HttpFixture collector(CollectorOf(std::move(incidents)));
    url_ = collector.Url("");
    words.insert(words.end(), {"--collector", url_});
    return RunCommand(RunExplain, words);
  }

  collector::Incident open_ = collector::AccessOutage();
  collector::Incident resolved_ = collector::ResolvedOutage();
  std::string url_;
};

TEST_F(ExplainTest, WithoutAnIdItIsTheLatestOpenOneElseTheLatest) {
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{}, {"last"}}) {
    const CommandRun open = Explain(words, {resolved_, open_});
    EXPECT_EQ(open.code, kOk) << open.err;
    EXPECT_TRUE(open.out.starts_with("It is the provider: IMAP at alpha, tcp_refused (access).\n"))
        << open.out;
    const CommandRun over = Explain(words, {resolved_});
    EXPECT_EQ(over.code, kOk) << over.err;
    EXPECT_TRUE(over.out.starts_with("It was the provider: all of beta, tcp_refused (access).\n"))
        << over.out;
    const CommandRun none = Explain(words, {});
    EXPECT_EQ(none.code, kUnknown);
    EXPECT_EQ(
        none.err,
        "postwatch explain: there is nothing to explain: the collector has had no incident\n");
  }
}

TEST_F(ExplainTest, AnIdOrItsUniqueStartWillDo) {
  for (const char* id : {"inc-01ffffffffff", "inc-01f"}) {
    const CommandRun outcome = Explain({id}, {open_, resolved_});
    EXPECT_EQ(outcome.code, kOk) << outcome.err;
    EXPECT_NE(outcome.out.find("incident   inc-01ffffffffff, resolved"), std::string::npos)
        << outcome.out;
  }
  const CommandRun both = Explain({"inc-01"}, {open_, resolved_});
  EXPECT_EQ(both.code, kUnknown);
  EXPECT_EQ(both.err,
            "postwatch explain: 'inc-01' is the start of 2 incidents: inc-0123456789ab, "
            "inc-01ffffffffff; say more of it\n");
}

TEST_F(ExplainTest, AnUnknownOneIsSaidToBeUnknownAndWhereToLook) {
  const CommandRun whole = Explain({"inc-999999999999"}, {open_});
  EXPECT_EQ(whole.code, kUnknown);
  EXPECT_EQ(whole.err, Concat("postwatch explain: ", url_,
                              "/api/v1/incidents/inc-999999999999 answered 404: there is no "
                              "incident 'inc-999999999999'; `postwatch incidents --all` lists the "
                              "recent ones\n"));
  const CommandRun start = Explain({"inc-99"}, {open_});
  EXPECT_EQ(start.code, kUnknown);
  EXPECT_EQ(start.err,
            "postwatch explain: no incident has an id that starts with 'inc-99'; "
            "`postwatch incidents --all` lists the recent ones\n");
}

TEST_F(ExplainTest, AsJsonItIsTheCollectorsAnswer) {
  JsonWriter json;
  WriteIncident(json, open_);
  EXPECT_EQ(Explain({"--format", "json"}, {open_}).out, json.Take() + "\n");
}

TEST(ExplainOverHttp, WhatIsNoCollectorIsSaidToBeNone) {
  HttpFixture other([](const HttpRequest&, const HttpReply& reply) { reply(JsonResponse("[]")); });
  for (const char* word : {"last", "inc-01", "inc-0123456789ab"}) {
    const CommandRun outcome = RunCommand(RunExplain, {word, "--collector", other.Url("")});
    EXPECT_EQ(outcome.code, kUnknown) << word;
    EXPECT_NE(outcome.err, "") << word;
  }
  const CommandRun nobody = RunCommand(RunExplain, {"--collector", "http://127.0.0.1:1"});
  EXPECT_EQ(nobody.code, kUnknown);
  EXPECT_NE(nobody.err.find("is the collector running there?"), std::string::npos) << nobody.err;
}

}  // namespace
}  // namespace postwatch::cli
