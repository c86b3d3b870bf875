#include "cli/fleet/show_commands.h"

#include <gtest/gtest.h>

#include <vector>

#include "cli/command.h"

namespace postwatch::cli {
namespace {

using Words = std::vector<std::string_view>;

struct Outcome {
  int code = -1;
  std::string out, err;
};

Outcome Execute(int (*command)(std::span<const std::string_view>), const Words& words) {
  Outcome outcome;
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  outcome.code = command(words);
  outcome.out = testing::internal::GetCapturedStdout();
  outcome.err = testing::internal::GetCapturedStderr();
  return outcome;
}

TEST(ShowCommands, HelpNamesTheFlagsOfTheCommandAndNoOthers) {
  const Outcome incidents = Execute(RunIncidents, {"--help"});
  EXPECT_EQ(incidents.code, kOk);
  EXPECT_NE(incidents.out.find("--all"), std::string::npos) << incidents.out;
  const Outcome agents = Execute(RunAgents, {"--help"});
  EXPECT_EQ(agents.code, kOk);
  EXPECT_EQ(agents.out.find("--all"), std::string::npos) << agents.out;
  EXPECT_NE(agents.out.find("postwatch agents forget NAME"), std::string::npos) << agents.out;
  const Outcome forget = Execute(RunAgents, {"forget", "--help"});
  EXPECT_EQ(forget.code, kOk);
  EXPECT_EQ(forget.out.find("--format"), std::string::npos) << forget.out;
  EXPECT_NE(forget.out.find("--collector"), std::string::npos) << forget.out;
}

TEST(ShowCommands, WhatIsNoUsageExits64AndSaysWhy) {
  const auto complaint = [](const Words& words) {
    const Outcome outcome = Execute(RunAgents, words);
    EXPECT_EQ(outcome.code, kUsage);
    EXPECT_EQ(outcome.out, "");
    return outcome.err;
  };
  EXPECT_EQ(complaint({"--all"}), "postwatch agents: --all is not a known flag; see --help\n");
  EXPECT_EQ(complaint({"--format", "xml"}),
            "postwatch agents: --format 'xml' is none of text, json\n");
  EXPECT_EQ(complaint({"remember"}),
            "postwatch agents: does not know what to do with 'remember'; see --help\n");
  EXPECT_EQ(complaint({"forget"}), "postwatch agents forget: takes one NAME; see --help\n");
  EXPECT_EQ(complaint({"forget", "a", "b"}),
            "postwatch agents forget: takes one NAME; see --help\n");
  for (const char* name : {"../x", "..", "a/b", "a?b", "EU", ""}) {
    EXPECT_EQ(complaint({"forget", name}),
              "postwatch agents forget: '" + std::string(name) + "' is no agent's name\n");
  }
}

}  // namespace
}  // namespace postwatch::cli
