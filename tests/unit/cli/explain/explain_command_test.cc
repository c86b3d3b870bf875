#include "cli/explain/explain_command.h"

#include <gtest/gtest.h>

#include <vector>

#include "cli/command.h"

namespace postwatch::cli {
namespace {

struct Outcome {
  int code = -1;
  std::string out, err;
};

Outcome Explain(const std::vector<std::string_view>& words) {
  Outcome outcome;
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  outcome.code = RunExplain(words);
  outcome.out = testing::internal::GetCapturedStdout();
  outcome.err = testing::internal::GetCapturedStderr();
  return outcome;
}

TEST(ExplainCommand, HelpSaysWhatItTakes) {
  const Outcome help = Explain({"--help"});
  EXPECT_EQ(help.code, kOk);
  EXPECT_TRUE(help.out.starts_with("usage: postwatch explain [INCIDENT|last] [flags]\n"))
      << help.out;
  for (const char* flag : {"--collector", "--format"}) {
    EXPECT_NE(help.out.find(flag), std::string::npos) << help.out;
  }
}

TEST(ExplainCommand, WhatIsNoUsageExits64AndSaysWhy) {
  const auto complaint = [](const std::vector<std::string_view>& words) {
    const Outcome outcome = Explain(words);
    EXPECT_EQ(outcome.code, kUsage);
    EXPECT_EQ(outcome.out, "");
    return outcome.err;
  };
  EXPECT_EQ(complaint({"--all"}), "postwatch explain: --all is not a known flag; see --help\n");
  EXPECT_EQ(complaint({"--format", "pdf"}),
            "postwatch explain: --format 'pdf' is none of text, json\n");
  EXPECT_EQ(complaint({"inc-1", "inc-2"}),
            "postwatch explain: explains one incident at a time; see --help\n");
  for (const char* word : {"inc-xyz", "inc-0123456789abc", "INC-01", "0123", "inc-../agents", ""}) {
    EXPECT_EQ(complaint({word}),
              "postwatch explain: '" + std::string(word) +
                  "' is no incident: an id is inc- and 12 hex digits, its start will do; "
                  "`postwatch incidents --all` lists the recent ones\n");
  }
}

}  // namespace
}  // namespace postwatch::cli
