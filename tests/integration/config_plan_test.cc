// `postwatch config plan` and `apply` against a collector that runs.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <thread>

#include "cli/command.h"
#include "cli/config/config_command.h"
#include "cli/config/file_swap.h"
#include "cli/config/program_run.h"
#include "collector/collector.h"
#include "collector/config_files.h"
#include "common/base/text.h"
#include "tests/support/command_run.h"
#include "tests/support/state_dir.h"

namespace postwatch::cli {
namespace {

using Words = std::vector<std::string>;

// A collector of this process, on loopback, that reads c.yaml.
class ConfigPlanTest : public testing::Test {
 protected:
  ConfigPlanTest() {
    ::setenv("PATH", POSTWATCH_BIN ":/usr/sbin:/usr/bin:/sbin:/bin", 1);
    dir_.Write("c.yaml", Text("targets: [{domain: a.test}]\n"));
    absl::StatusOr<collector::CollectorConfig> config =
        collector::LoadCollectorConfig(dir_.Path("c.yaml"));
    EXPECT_TRUE(config.ok()) << config.status();
    collector_ = *collector::MakeCollector(*std::move(config),
                                           {.config_path = dir_.Path("c.yaml"), .version = "1"});
    loop_ = std::thread([this] { EXPECT_TRUE(collector_->Run().ok()); });
  }
  ~ConfigPlanTest() override {
    collector_->Stop();
    loop_.join();
  }

  std::string Text(std::string_view more) const {
    return Concat("listen: {grpc: '127.0.0.1:0', http: '127.0.0.1:0'}\n",
                  "tls: {ca: ", dir_.Path("ca.pem"), ", cert: ", dir_.Path("collector.pem"),
                  ", key: ", dir_.Path("collector.key"), "}\n",
                  "store: 'sqlite:", dir_.Path("c.db"), "'\n", more);
  }
  CommandRun Config(Words words) const {
    words.insert(words.end(), {"--collector", Concat("http://", collector_->http_address())});
    return RunCommand(RunConfig, words);
  }
  CommandRun Apply(std::string_view more, const Words& flags = {"--yes"}) {
    dir_.Write("new.yaml", Text(more));
    Words words = {"apply", dir_.Path("new.yaml"), "--file", dir_.Path("c.yaml")};
    words.insert(words.end(), flags.begin(), flags.end());
    return Config(words);
  }
  bool Exists(std::string_view name) const { return std::filesystem::exists(dir_.Path(name)); }

  StateDir dir_;
  std::unique_ptr<collector::Collector> collector_;
  std::thread loop_;
};

TEST_F(ConfigPlanTest, TheSameFileChangesNothing) {
  const CommandRun same = Config({"plan", dir_.Path("c.yaml")});
  EXPECT_EQ(same.code, 0) << same.err;
  EXPECT_EQ(same.out, "no changes\n");
}

TEST_F(ConfigPlanTest, WhatWouldChangeIsToldWithoutDoingIt) {
  dir_.Write("new.yaml", Text("retention: 24h\nrevision: v2\n"
                              "defaults: {dns.mx: {interval: 30s}}\n"
                              "targets: [{domain: a.test}, {domain: b.test}]\n"));
  for (int twice = 0; twice < 2; ++twice) {
    const CommandRun plan = Config({"plan", dir_.Path("new.yaml")});
    EXPECT_EQ(plan.code, 2) << plan.err;
    EXPECT_NE(plan.out.find("~ setting retention: 720h -> 24h (at a restart)\n+ target b.test: "),
              std::string::npos)
        << plan.out;
    EXPECT_NE(plan.out.find("~ check a.test/dns.mx: interval 1m -> 30s"), std::string::npos);
    EXPECT_NE(plan.out.find("revision: none -> v2\n"), std::string::npos);
    EXPECT_NE(plan.out.find("runs an hour more by 1 agent\n"), std::string::npos);
  }
}

TEST_F(ConfigPlanTest, AFileWithMistakesExits1AndNoCollectorExits3) {
  dir_.Write("new.yaml", Text("targets: [{domian: a.test}]\n"));
  EXPECT_EQ(Config({"plan", dir_.Path("new.yaml")}).code, 1);
  const CommandRun nobody =
      RunCommand(RunConfig, {"plan", dir_.Path("c.yaml"), "--collector", "http://127.0.0.1:1"});
  EXPECT_EQ(nobody.code, 3);
}

TEST_F(ConfigPlanTest, ApplyPutsTheFileInPlaceAndTheCollectorTakesItUp) {
  const std::string before = dir_.Read("c.yaml");
  const CommandRun applied = Apply("targets: [{domain: a.test}, {domain: b.test}]\n");
  EXPECT_EQ(applied.code, 0) << applied.err;
  EXPECT_NE(applied.out.find("+ target b.test: "), std::string::npos) << applied.out;
  EXPECT_EQ(dir_.Read("c.yaml"), dir_.Read("new.yaml"));
  EXPECT_EQ(dir_.Read("c.yaml.previous"), before);
  EXPECT_FALSE(Exists(".c.yaml.new"));
  EXPECT_EQ(Config({"plan", dir_.Path("c.yaml")}).code, 0);
}

TEST_F(ConfigPlanTest, ApplyingTheSameAgainKeepsWhatWasBefore) {
  const std::string before = dir_.Read("c.yaml");
  const std::string more = "targets: [{domain: b.test}]\n";
  EXPECT_EQ(Apply(more).code, 0);
  EXPECT_EQ(Apply(more).code, 0);
  EXPECT_EQ(dir_.Read("c.yaml.previous"), before);
  EXPECT_FALSE(Exists(".c.yaml.new"));
}

TEST_F(ConfigPlanTest, MistakesOfADomainAreToldOnceAndOfTheFileThatWasGiven) {
  const CommandRun refused = Apply("targets: [{domain: 'exa mple.com'}]\n");
  EXPECT_EQ(refused.code, 1);
  EXPECT_NE(refused.err.find(Concat(dir_.Path("new.yaml"), ":")), std::string::npos) << refused.err;
  EXPECT_EQ(refused.err.find(".c.yaml.new"), std::string::npos) << refused.err;
  EXPECT_EQ(refused.err.find("would be refused by agents"), std::string::npos) << refused.err;
}

TEST_F(ConfigPlanTest, ApplySaysWhatWaitsForARestart) {
  EXPECT_EQ(Apply("retention: 24h\ntargets: [{domain: a.test}]\n").code, 2);
  // What waits is no change that would be lost.
  EXPECT_EQ(Apply("targets: [{domain: a.test}]\n").code, 0);
}

TEST_F(ConfigPlanTest, ApplyRefusesWhatTheCollectorWouldAndLeavesAllAsItWas) {
  const std::string before = dir_.Read("c.yaml");
  EXPECT_EQ(Apply("targets: []\n").code, 1);
  EXPECT_EQ(Apply("targets: [{domain: b.test}]\nalerting: {sinks: [{type: webhook, url: "
                  "'http://h', secret: {file: /gone}}]}\n")
                .code,
            1);
  EXPECT_EQ(dir_.Read("c.yaml"), before);
  EXPECT_FALSE(Exists(".c.yaml.new"));
  EXPECT_FALSE(Exists("c.yaml.previous"));
}

TEST_F(ConfigPlanTest, ApplyRefusesToLoseWhatNobodyTookUp) {
  dir_.Write("c.yaml", Text("targets: [{domain: edited.test}]\n"));
  const CommandRun refused = Apply("targets: [{domain: b.test}]\n");
  EXPECT_EQ(refused.code, 1);
  EXPECT_NE(refused.err.find("was changed"), std::string::npos) << refused.err;
  EXPECT_EQ(Apply("targets: [{domain: b.test}]\n", {"--yes", "--force"}).code, 0);
}

TEST_F(ConfigPlanTest, ApplyRefusesAnotherFileAnotherDigestAndSilence) {
  dir_.Write("other.yaml", Text("targets: [{domain: a.test}]\n"));
  const std::string more = "targets: [{domain: b.test}]\n";
  const CommandRun elsewhere = Apply(more, {"--yes", "--file", dir_.Path("other.yaml")});
  EXPECT_EQ(elsewhere.code, 1);
  EXPECT_NE(elsewhere.err.find("does not run"), std::string::npos) << elsewhere.err;
  EXPECT_EQ(Apply(more, {"--yes", "--expect", "0123"}).code, 1);
}

TEST_F(ConfigPlanTest, AFileKeepsItsModeAndALinkIsRefused) {
  ::chmod(dir_.Path("c.yaml").c_str(), 0640);
  EXPECT_EQ(Apply("targets: [{domain: b.test}]\n").code, 0);
  struct stat about = {};
  ASSERT_EQ(::stat(dir_.Path("c.yaml").c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0640u);
  std::filesystem::create_symlink(dir_.Path("c.yaml"), dir_.Path("link.yaml"));
  EXPECT_EQ(FileSwap::Prepare(dir_.Path("link.yaml"), "x").status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST(RunProgramTest, AProgramThatIsNotThereIsNotFound) {
  EXPECT_TRUE(absl::IsNotFound(RunProgram("postwatch-no-such-program", {}).status()));
}

}  // namespace
}  // namespace postwatch::cli
