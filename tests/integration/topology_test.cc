// `postwatch check-topology` as it is run, and what it says held against what the correlator does.
#include <gtest/gtest.h>

#include <fstream>
#include <vector>

#include "absl/strings/str_format.h"
#include "cli/command.h"
#include "cli/fleet/replay_command.h"
#include "cli/fleet/topology_command.h"
#include "common/base/text.h"
#include "tests/support/command_run.h"
#include "tests/support/test_folder.h"

namespace postwatch::cli {
namespace {

// Three regions with an agent each; p has a front end in each region, q has one for all.
constexpr std::string_view kTopology =
    R"({"type":"topology","v":1,"interval_s":60,"agents":[)"
    R"({"id":"a0","region":"eu","isp":"as0","resolver":"r0"},)"
    R"({"id":"a1","region":"us","isp":"as1","resolver":"r1"},)"
    R"({"id":"a2","region":"ap","isp":"as2","resolver":"r2"}],"providers":[)"
    R"({"id":"p","sites":[{"id":"p0","mx":["mx.p0"]},{"id":"p1","mx":["mx.p1"]},)"
    R"({"id":"p2","mx":["mx.p2"]}],"region_site":{"eu":"p0","us":"p1","ap":"p2"},)"
    R"("dns_hoster":"h","ns":["n0","n1"],"accounts":2},)"
    R"({"id":"q","sites":[{"id":"q0","mx":["mx.q"]}],"dns_hoster":"h","ns":["n0","n1"],)"
    R"("accounts":1}],"domains":[],"anchors":["x"]})";

// Forty minutes; from the tenth to the thirtieth, what `fails` says does.
template <class Fails>
std::string Outage(Fails fails) {
  std::string text = Concat(kTopology, "\n");
  int sequence = 0;
  for (int minute = 0; minute < 40; ++minute) {
    for (int agent = 0; agent < 3; ++agent) {
      double at = 1000 + minute * 60 + agent * 17;
      const auto add = [&](std::string_view check, std::string_view target,
                           const std::string& endpoint, int account) {
        const std::string error =
            minute >= 10 && minute < 30 ? fails(check, target, endpoint) : std::string();
        at += 1.5;
        text += absl::StrFormat(
            R"({"type":"result","recv":%.3f,"ts":%.3f,"agent":"a%d","seq":%d,"check":"%s",)"
            R"("target":"%s",%s%s"outcome":%s})"
            "\n",
            at, at - 0.1, agent, ++sequence, std::string(check), std::string(target),
            endpoint.empty() ? "" : Concat(R"("endpoint":")", endpoint, R"(",)"),
            account < 0 ? "" : Concat(R"("acct":)", account, ","),
            error.empty() ? R"("ok")" : Concat(R"("fail","err":")", error, R"(")"));
      };
      add("anchor", "x", "", -1);
      add("smtp", "p", Concat("mx.p", agent), -1);
      add("imap", "p", Concat("p", agent), minute % 2);
      add("smtp", "q", "mx.q", -1);
      add("imap", "q", "q0", 0);
      add("dns", "p", "", -1);
      add("dns", "q", "", -1);
    }
  }
  return text;
}

class TopologyTest : public testing::Test {
 protected:
  std::string Write(std::string_view text) {
    const std::string path = dir / "scenario.jsonl";
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }

  const TestFolder dir;
};

TEST_F(TopologyTest, LooksAtWhatWasRun) {
  const std::string path =
      Write(Outage([](auto, auto, const std::string&) { return std::string(); }));
  const CommandRun outcome = RunCommand(RunCheckTopology, {path, "--all"});
  EXPECT_EQ(outcome.code, kWarning);
  EXPECT_EQ(outcome.err, "");
  for (const std::string_view line :
       {"      path:as0>p = site:p0\n", "      provider:q = site:q0\n", "      auth:q = acct:q/0\n",
        "      agent:a2 = isp:as2\n", "  site:p1: only agent a1 sees it\n",
        "  1. an agent in ap on another network than as2 (agent): tells 1 pair apart",
        "  2. a second account at q (account): tells 1 pair apart, such as auth:q and acct:q/0"}) {
    EXPECT_NE(outcome.out.find(line), std::string::npos) << line << outcome.out;
  }
  EXPECT_EQ(outcome.out.find("acct:p/0 ="), std::string::npos);  // it has two
}

// A front end of one network that goes silent, and that network's path: one and the same to the
// correlator, and neither pages.
TEST_F(TopologyTest, WhatItCallsAlikeTheCorrelatorCannotTellApart) {
  const auto silent = [](std::string_view, std::string_view, const std::string& endpoint) {
    return endpoint == "mx.p0" || endpoint == "p0" ? std::string("timeout") : std::string();
  };
  const CommandRun outcome = RunCommand(RunReplay, {Write(Outage(silent))});
  EXPECT_NE(outcome.out.find(R"("component":"path:as0>p")"), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.out.find(R"({"component":"site:p0")"), std::string::npos) << outcome.out;
  EXPECT_EQ(outcome.out.find(R"("alert":true)"), std::string::npos) << outcome.out;
}

// As it says: who has one account there is told of the account, and that it may be all logins.
TEST_F(TopologyTest, AnAlertNamesWhomItSaysAndTheOthersBesideIt) {
  const auto rejected = [](std::string_view check, std::string_view target, const std::string&) {
    return check == "imap" && target == "q" ? std::string("auth") : std::string();
  };
  const std::string path = Write(Outage(rejected));
  const CommandRun topology = RunCommand(RunCheckTopology, {path, "--all"});
  EXPECT_NE(topology.out.find("An alert names acct:q/0; it may as well be auth:q."),
            std::string::npos)
      << topology.out;
  const CommandRun replay = RunCommand(RunReplay, {path});
  EXPECT_NE(replay.out.find(R"("component":"acct:q/0")"), std::string::npos) << replay.out;
  EXPECT_NE(replay.out.find(R"({"component":"auth:q")"), std::string::npos) << replay.out;
  EXPECT_NE(replay.out.find(R"("alert":true)"), std::string::npos) << replay.out;
}

TEST_F(TopologyTest, OfATopologyAloneItLooksAtWhatWouldBeRun) {
  const CommandRun outcome =
      RunCommand(RunCheckTopology, {Write(Concat(kTopology, "\n")), "--format=json"});
  EXPECT_EQ(outcome.code, kWarning);
  EXPECT_NE(outcome.out.find(R"("runs":0)"), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.out.find(R"({"members":["path:as0>p","site:p0"],"when":["silent"])"),
            std::string::npos)
      << outcome.out;
}

TEST_F(TopologyTest, ExitCodesAreAsDocumented) {
  EXPECT_EQ(RunCommand(RunCheckTopology, {"--help"}).code, kOk);
  EXPECT_EQ(RunCommand(RunCheckTopology, {"a", "b"}).code, kUsage);
  EXPECT_EQ(RunCommand(RunCheckTopology, {"a", "--collector", "http://127.0.0.1:1"}).code, kUsage);
  EXPECT_EQ(RunCommand(RunCheckTopology, {"--format", "xml"}).code, kUsage);
  EXPECT_EQ(RunCommand(RunCheckTopology, {"--minutes", "0"}).code, kUsage);
  EXPECT_EQ(RunCommand(RunCheckTopology, {(dir / "none")}).code, kNoInput);
  EXPECT_EQ(RunCommand(RunCheckTopology, {dir.path()}).code, kNoInput);
  EXPECT_EQ(RunCommand(RunCheckTopology, {Write("")}).code, kDataError);
  EXPECT_EQ(RunCommand(RunCheckTopology, {"--collector", "http://127.0.0.1:1"}).code, kUnknown);
  const CommandRun malformed =
      RunCommand(RunCheckTopology, {Write(Concat(kTopology, "\n{\"type\":\"result\"}\n"))});
  EXPECT_EQ(malformed.code, kDataError);
  EXPECT_NE(malformed.err.find("scenario.jsonl:2: "), std::string::npos) << malformed.err;
  EXPECT_NE(malformed.out, "");
}

}  // namespace
}  // namespace postwatch::cli
