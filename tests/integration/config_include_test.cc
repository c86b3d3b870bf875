// `include:` of real files: what is found, in which order, and what is said of what is not.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "agent/config.h"
#include "collector/config_files.h"
#include "collector/plan.h"
#include "common/base/text.h"
#include "common/config/include.h"
#include "tests/support/test_folder.h"

namespace postwatch {
namespace {

constexpr std::string_view kTls = "tls: {ca: ca.pem, cert: c.pem, key: c.key}\n";

class ConfigInclude : public testing::Test {
 protected:
  void Write(const std::string& name, std::string_view text) {
    std::filesystem::create_directories(std::filesystem::path(folder_ / name).parent_path());
    std::ofstream(folder_ / name) << text;
  }
  // What is wrong with c.yaml, without the folder's name.
  std::string Mistaken() {
    const auto config = collector::LoadCollectorConfig(folder_ / "c.yaml");
    return config.ok() ? "" : folder_.Without(std::string(config.status().message()));
  }

  const TestFolder folder_;
};

TEST_F(ConfigInclude, TargetsAndSinksOfSeveralFilesComeTogetherInOrderOfTheirNames) {
  Write("c.yaml", Concat(kTls, "include: conf.d/*.yaml\ntargets:\n  - {domain: first.test}\n"));
  Write("conf.d/20-b.yaml", "targets: [{domain: b.test}]\nalerting: {sinks: [{type: log}]}\n");
  Write("conf.d/10-a.yaml", "targets: [{domain: a.test}]\n");
  Write("conf.d/.hidden.yaml", "targets: [{domain: hidden.test}]\n");
  Write("conf.d/notes.txt", "not read");
  const auto config = collector::LoadCollectorConfig(folder_ / "c.yaml");
  ASSERT_TRUE(config.ok()) << config.status();
  ASSERT_EQ(config->targets.size(), 3u);
  EXPECT_EQ(config->targets[0].domain, "first.test");
  EXPECT_EQ(config->targets[1].domain, "a.test");
  EXPECT_EQ(config->targets[2].domain, "b.test");
  EXPECT_EQ(folder_.Without(config->targets[2].origin), "conf.d/20-b.yaml:1");
  ASSERT_EQ(config->sinks.size(), 1u);
}

TEST_F(ConfigInclude, EveryMistakeHasTheFileItIsIn) {
  Write("c.yaml", Concat(kTls, "store: sqlite:x\ninclude:\n  - conf.d/*.yaml\n  - gone.yaml\n"));
  Write("conf.d/a.yaml", "targets: [{domain: a.test}]\nstore: sqlite:y\n");
  Write("conf.d/b.yaml", "targets:\n  - &x {domain: b.test}\n");
  Write("conf.d/c.yaml", "include: more.yaml\n");
  EXPECT_EQ(Mistaken(),
            "conf.d/b.yaml:2: targets[0]: anchor &x is not supported\n"
            "c.yaml:5: include: there is no file gone.yaml\n"
            "conf.d/c.yaml:1: include: may stand only in the first file, c.yaml\n"
            "conf.d/a.yaml:2: store: is given twice, first in c.yaml:2");
}

TEST_F(ConfigInclude, MistakesOfReadingHaveItToo) {
  Write("c.yaml", Concat(kTls, "include: conf.d/*.yaml\n"));
  Write("conf.d/a.yaml", "targets:\n  - {domain: a.test}\n");
  Write("conf.d/b.yaml", "targets:\n  - {domain: a.test}\n  - {domian: b.test}\n");
  EXPECT_EQ(
      Mistaken(),
      "conf.d/b.yaml:2: targets[1].domain: 'a.test' is listed twice, first in conf.d/a.yaml:2\n"
      "conf.d/b.yaml:3: targets[2].domain: is missing\n"
      "conf.d/b.yaml:3: targets[2].domian: is not a known key");
}

TEST_F(ConfigInclude, AFolderThatIsNotThereIsAMistakeAndAnEmptyOneIsNone) {
  Write("c.yaml", Concat(kTls, "include: conf.d/*.yaml\ntargets: [{domain: a.test}]\n"));
  EXPECT_EQ(Mistaken(), "c.yaml:2: include: there is no folder conf.d/");
  std::filesystem::create_directory(folder_ / "conf.d");
  EXPECT_EQ(Mistaken(), "");
}

TEST_F(ConfigInclude, AFileIncludesNeitherItselfNorAnotherTwice) {
  Write("c.yaml", Concat(kTls, "include: ['*.yaml', a.yaml]\n"));
  Write("a.yaml", "targets: [{domain: a.test}]\n");
  EXPECT_EQ(Mistaken(), "c.yaml:2: include: names c.yaml, the file it stands in");
  Write("c.yaml", Concat(kTls, "include: [a.yaml, '?.yaml']\n"));
  EXPECT_EQ(Mistaken(), "c.yaml:2: include: names c.yaml, the file it stands in");
  Write("c.yaml", Concat(kTls, "include: [a.yaml, 'a*.yaml']\n"));
  EXPECT_EQ(Mistaken(), "");
  Write("c.yaml", Concat(kTls, "include: {file: a.yaml}\n"));
  EXPECT_EQ(Mistaken(),
            "c.yaml:2: include: must be a pattern such as conf.d/*.yaml, or a list of them");
}

TEST_F(ConfigInclude, ARevisionIsReadFromItsFile) {
  Write("c.yaml",
        Concat(kTls, "targets: [{domain: a.test}]\nrevision_file: ", folder_ / "REVISION", "\n"));
  EXPECT_EQ(Mistaken(), "c.yaml:3: revision_file: cannot read a line of REVISION");
  Write("REVISION", "two words\n");
  EXPECT_EQ(Mistaken(),
            "c.yaml:3: revision_file: the first line of REVISION must be 1 to 128 letters, digits "
            "and -._+/:@");
  Write("REVISION", "v1.2-3-gabc\nmore\n");
  const auto config = collector::LoadCollectorConfig(folder_ / "c.yaml");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->revision, "v1.2-3-gabc");
  Mistakes none;
  EXPECT_EQ(collector::MakePlan(*config, none).revision, "v1.2-3-gabc");
}

TEST_F(ConfigInclude, AnAgentIncludesToo) {
  Write("a.yaml", Concat(kTls, "include: local.yaml\nstate_dir: s\ncollector: {address: 'h:1'}\n"));
  Write("local.yaml", "agent: {name: fra1, region: eu}\n");
  const auto config = agent::LoadAgentConfig(folder_ / "a.yaml");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->name, "fra1");
}

}  // namespace
}  // namespace postwatch
