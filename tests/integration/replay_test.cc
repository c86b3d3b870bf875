// `postwatch replay` as it is run: files, the standard input, exit codes, and what must not make a
// difference.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <random>
#include <set>
#include <vector>

#include "absl/strings/str_format.h"
#include "cli/command.h"
#include "cli/fleet/replay_command.h"
#include "common/base/text.h"
#include "tests/support/command_run.h"
#include "tests/support/test_folder.h"

namespace postwatch::cli {
namespace {

constexpr std::string_view kTopology =
    R"({"type":"topology","v":1,"interval_s":60,"agents":[)"
    R"({"id":"a0","region":"eu","isp":"as0","resolver":"r0"},)"
    R"({"id":"a1","region":"eu","isp":"as1","resolver":"r1"},)"
    R"({"id":"a2","region":"us","isp":"as2","resolver":"r2"},)"
    R"({"id":"a3","region":"us","isp":"as3","resolver":"r3"}],"providers":[)"
    R"({"id":"p","sites":[{"id":"s1","dc":"d1","mx":["mx1","mx2"]}],"dns_hoster":"h1"},)"
    R"({"id":"q","sites":[{"id":"s2","dc":"d2","mx":["mx3"]}],"dns_hoster":"h2"}],)"
    R"("domains":[],"anchors":["x"]})";

struct Row {
  double received = 0, ended = 0;
  int agent = 0;
  std::string text;  // the rest
};

// Twenty minutes of four agents; mx1 is down from the fifth to the twelfth.
std::vector<Row> Outage() {
  std::vector<Row> rows;
  std::vector<int> sequence(4);
  const std::vector<std::string> endpoints = {"mx1", "mx2", "mx3"};
  for (int minute = 0; minute < 20; ++minute) {
    for (int agent = 0; agent < 4; ++agent) {
      for (size_t i = 0; i < endpoints.size(); ++i) {
        const double at = 1000 + minute * 60 + agent * 13 + static_cast<double>(i) * 3.5;
        const bool down = endpoints[i] == "mx1" && minute >= 5 && minute < 12;
        rows.push_back(
            {at, at - 0.25, agent,
             absl::StrFormat(R"("seq":%d,"check":"smtp","target":"%s","endpoint":"%s",)"
                             R"("why":"sched","outcome":%s})",
                             ++sequence[static_cast<size_t>(agent)], i == 2 ? "q" : "p",
                             endpoints[i], down ? R"("fail","err":"refused")" : R"("ok")")});
      }
    }
  }
  std::ranges::stable_sort(rows, {}, &Row::received);
  return rows;
}

std::vector<std::string> LinesOf(const std::vector<Row>& rows) {
  std::vector<std::string> lines = {std::string(kTopology)};
  for (const Row& row : rows) {
    lines.push_back(absl::StrFormat(R"({"type":"result","recv":%.3f,"ts":%.3f,"agent":"a%d",)",
                                    row.received, row.ended, row.agent) +
                    row.text);
  }
  return lines;
}

// component and how many pages named it first
std::multiset<std::string> Pages(const std::string& out) {
  std::multiset<std::string> pages;
  std::set<std::string> known;
  const auto field = [](std::string_view line, const std::string& key) {
    const size_t from = line.find("\"" + key + "\":\"") + key.size() + 4;
    return std::string(line.substr(from, line.find('"', from) - from));
  };
  for (const std::string_view line : Split(out, '\n')) {
    if (line.find("\"alert\":true") == line.npos) continue;
    if (known.insert(field(line, "id")).second) pages.insert(field(line, "component"));
  }
  return pages;
}

class ReplayTest : public testing::Test {
 protected:
  std::string Write(std::string_view text) {
    const std::string path = dir / "scenario.jsonl";
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }
  CommandRun Replay(const std::vector<std::string>& lines) {
    return RunCommand(RunReplay, {Write(Concat(Join(lines, "\n"), "\n"))});
  }

  const TestFolder dir;
};

TEST_F(ReplayTest, SaysWhatFailedAndWhenItWasOver) {
  const CommandRun outcome = Replay(LinesOf(Outage()));
  EXPECT_EQ(outcome.code, kOk);
  EXPECT_EQ(outcome.err, "");
  EXPECT_EQ(Pages(outcome.out), std::multiset<std::string>{"mx:mx1"});
  EXPECT_NE(outcome.out.find("\"event\":\"close\""), std::string::npos) << outcome.out;
}

TEST_F(ReplayTest, TheSameInputGivesTheSameOutput) {
  const std::vector<std::string> lines = LinesOf(Outage());
  const CommandRun first = Replay(lines);
  EXPECT_NE(first.out, "");
  EXPECT_EQ(Replay(lines), first);
}

TEST_F(ReplayTest, ReadsTheStandardInput) {
  const std::vector<std::string> lines = LinesOf(Outage());
  const CommandRun file = Replay(lines);
  const int before = ::dup(STDIN_FILENO);
  ASSERT_NE(std::freopen((dir / "scenario.jsonl").c_str(), "r", stdin), nullptr);
  const CommandRun input = RunCommand(RunReplay, {"-"});
  ::dup2(before, STDIN_FILENO);
  ::close(before);
  EXPECT_EQ(input, file);
}

TEST_F(ReplayTest, DuplicatesOfAnyLineChangeNothing) {
  const std::vector<std::string> lines = LinesOf(Outage());
  std::vector<std::string> twice;
  for (const std::string& line : lines) twice.insert(twice.end(), 2, line);
  EXPECT_EQ(Replay(twice), Replay(lines));
}

TEST_F(ReplayTest, AnAgentsClockThatIsOffChangesNothing) {
  const CommandRun straight = Replay(LinesOf(Outage()));
  for (const double off : {-90.0, 0.125, 90.0, 86400.0}) {
    std::vector<Row> rows = Outage();
    for (Row& row : rows) {
      if (row.agent == 2) row.ended += off;
    }
    EXPECT_EQ(Replay(LinesOf(rows)), straight) << off;
  }
}

TEST_F(ReplayTest, TheOrderOfWhatComesInTogetherChangesNoPage) {
  const std::multiset<std::string> straight = Pages(Replay(LinesOf(Outage())).out);
  for (unsigned seed = 1; seed <= 5; ++seed) {
    std::mt19937 random(seed);
    std::vector<std::pair<double, Row>> shuffled;
    for (Row& row : Outage()) {
      const double place = row.received + std::uniform_real_distribution(-2.0, 2.0)(random);
      shuffled.emplace_back(place, std::move(row));
    }
    std::ranges::stable_sort(shuffled, {}, [](const auto& entry) { return entry.first; });
    std::vector<Row> rows;
    for (auto& [place, row] : shuffled) rows.push_back(std::move(row));
    EXPECT_EQ(Pages(Replay(LinesOf(rows)).out), straight) << seed;
  }
}

TEST_F(ReplayTest, AMalformedLineIsNamedAndSkipped) {
  std::vector<std::string> lines = LinesOf(Outage());
  const CommandRun whole = Replay(lines);
  lines.insert(lines.begin() + 2, "{\"type\":\"result\"");
  lines.insert(lines.begin() + 5, R"({"type":"result","recv":"soon"})");
  const CommandRun outcome = Replay(lines);
  const std::string path = dir / "scenario.jsonl";
  EXPECT_EQ(outcome.code, kDataError);
  EXPECT_EQ(outcome.out, whole.out);
  EXPECT_EQ(
      outcome.err,
      Concat("postwatch replay: ", path,
             ":3: is no JSON: The JSON document has an improper structure: missing or "
             "superfluous commas, braces, missing keys, etc.; skipped\n",
             "postwatch replay: ", path, ":6: 'recv' is missing or no time in seconds; skipped\n",
             "postwatch replay: 2 of ", lines.size(), " lines of ", path,
             " are malformed and were skipped\n"));
}

TEST_F(ReplayTest, AnAbsurdlyLongLineIsSkipped) {
  std::vector<std::string> lines = LinesOf(Outage());
  const CommandRun whole = Replay(lines);
  lines.insert(lines.begin() + 1, std::string(17 * 1024 * 1024, ' '));
  const CommandRun outcome = Replay(lines);
  EXPECT_EQ(outcome.code, kDataError);
  EXPECT_EQ(outcome.out, whole.out);
  EXPECT_NE(outcome.err.find(":2: is longer than 16777216 bytes; skipped\n"), std::string::npos)
      << outcome.err;
}

TEST_F(ReplayTest, WhatCannotBeReadExits66) {
  const std::string missing = dir / "none.jsonl";
  EXPECT_EQ(RunCommand(RunReplay, {missing}),
            (CommandRun{kNoInput, "",
                        Concat("postwatch replay: cannot read ", missing,
                               ": No such file or directory\n")}));
  EXPECT_EQ(
      RunCommand(RunReplay, {dir.path()}),
      (CommandRun{kNoInput, "",
                  Concat("postwatch replay: cannot read ", dir.path(), ": Is a directory\n")}));
}

TEST_F(ReplayTest, AFileWithoutATopologyIsNoScenario) {
  const std::string path = Write("");
  EXPECT_EQ(RunCommand(RunReplay, {path}),
            (CommandRun{kDataError, "",
                        Concat("postwatch replay: ", path,
                               " holds no topology, which is the first line of a scenario\n")}));
}

TEST_F(ReplayTest, MistakesOfUsageExit64) {
  EXPECT_EQ(RunCommand(RunReplay, {}).code, kUsage);
  EXPECT_EQ(RunCommand(RunReplay, {"a", "b"}).code, kUsage);
  EXPECT_EQ(RunCommand(RunReplay, {"--topology", "t", "a"}).code, kUsage);
  const CommandRun help = RunCommand(RunReplay, {"--help"});
  EXPECT_EQ(help.code, kOk);
  EXPECT_NE(help.out.find("usage: postwatch replay SCENARIO.jsonl|-"), std::string::npos);
}

}  // namespace
}  // namespace postwatch::cli
