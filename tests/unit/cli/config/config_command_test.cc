#include "cli/config/config_command.h"

#include <gtest/gtest.h>

#include "cli/command.h"
#include "tests/support/command_run.h"

namespace postwatch::cli {
namespace {

TEST(ConfigCommand, EveryVerbHasItsHelp) {
  EXPECT_EQ(RunCommand(RunConfig, {"--help"}).code, kOk);
  for (const char* verb : {"plan", "apply"}) {
    const CommandRun help = RunCommand(RunConfig, {verb, "--help"});
    EXPECT_EQ(help.code, kOk);
    EXPECT_NE(help.out.find("--collector URL"), std::string::npos) << help.out;
  }
}

TEST(ConfigCommand, MistakesOfUsageExit64) {
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{},
                                             {"change"},
                                             {"plan"},
                                             {"apply", "a", "b"},
                                             {"plan", "a", "--yes"},
                                             {"plan", "a", "--format", "xml"}}) {
    const CommandRun run = RunCommand(RunConfig, words);
    EXPECT_EQ(run.code, kUsage) << (words.empty() ? "" : words[0]);
    EXPECT_NE(run.err, "");
    EXPECT_EQ(run.out, "");
  }
}

}  // namespace
}  // namespace postwatch::cli
