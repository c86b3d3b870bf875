#include "common/config/yaml_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>

#include "common/base/text.h"

namespace postwatch {
namespace {

const Environment kNoEnvironment = [](const std::string&) { return std::nullopt; };

Settings Parse(std::string_view text, const Environment& environment = kNoEnvironment) {
  absl::StatusOr<Settings> settings = ParseYaml(text, "test.yaml", environment);
  EXPECT_TRUE(settings.ok()) << settings.status();
  return settings.ok() ? *std::move(settings) : Settings();
}

std::string Refusal(std::string_view text) {
  absl::StatusOr<Settings> settings = ParseYaml(text, "test.yaml", kNoEnvironment);
  EXPECT_EQ(settings.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(settings.status().message());
}

TEST(ParseYamlTest, TreeWithOrigins) {
  Settings top =
      Parse("agent:\n  name: ams-1\n  empty:\ntargets:\n  - domain: a.test\n  - [x, y]\n");
  ASSERT_EQ(top.kind(), Settings::Kind::kMap);
  const Settings* agent = top.Find("agent");
  ASSERT_NE(agent, nullptr);
  EXPECT_EQ(agent->Find("name")->scalar(), "ams-1");
  EXPECT_EQ(agent->Find("name")->origin(), "test.yaml:2");
  EXPECT_EQ(agent->Find("empty")->kind(), Settings::Kind::kNull);
  const Settings* targets = top.Find("targets");
  ASSERT_EQ(targets->items().size(), 2u);
  EXPECT_EQ(targets->items()[0].origin(), "test.yaml:5");
  EXPECT_EQ(targets->items()[0].Find("domain")->scalar(), "a.test");
  EXPECT_EQ(targets->items()[1].items()[1].scalar(), "y");
}

TEST(ParseYamlTest, ValuesStayText) {
  Settings top = Parse("a: 010\nb: yes\nc: 'null'\nd: \"\"\ne: >-\n  two\n  lines\n");
  EXPECT_EQ(top.Find("a")->scalar(), "010");
  EXPECT_EQ(top.Find("b")->scalar(), "yes");
  EXPECT_EQ(top.Find("c")->scalar(), "null");
  EXPECT_EQ(top.Find("d")->kind(), Settings::Kind::kScalar);
  EXPECT_EQ(top.Find("e")->scalar(), "two lines");
  EXPECT_EQ(Parse("k: |\n  x\n").Find("k")->scalar(), "x\n");
}

TEST(ParseYamlTest, AKeyWithoutAValueKnowsItsLine) {
  const Settings root = Parse("a: 1\nb:\n\nc: [1,\n  ~]\n");
  EXPECT_EQ(root.Find("b")->kind(), Settings::Kind::kNull);
  EXPECT_EQ(root.Find("b")->origin(), "test.yaml:2");
  EXPECT_EQ(root.Find("c")->items().at(1).origin(), "test.yaml:5");
}

TEST(ParseYamlTest, NothingIsAnEmptyMap) {
  for (std::string_view text : {"", "\n\n", "# only words\n", "---\n", "{}"}) {
    Settings top = Parse(text);
    EXPECT_EQ(top.kind(), Settings::Kind::kMap) << text;
    EXPECT_TRUE(top.entries().empty());
  }
}

TEST(ParseYamlTest, VariablesAreReplacedOnceAndNeverBecomeStructure) {
  std::map<std::string, std::string> variables = {
      {"HOST", "mx"}, {"_N1", ""}, {"EVIL", "x\nadmin: true ${HOST}"}};
  Environment environment = [&](const std::string& name) -> std::optional<std::string> {
    auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
  Settings top = Parse(
      "a: ${HOST}1.${HOST}\nb: '$${HOST} costs $5 $$'\nc: \"[${_N1}]\"\nd: ${EVIL}\n${HOST}: e\n"
      "f: $$${HOST}\n",
      environment);
  EXPECT_EQ(top.Find("a")->scalar(), "mx1.mx");
  EXPECT_EQ(top.Find("b")->scalar(), "${HOST} costs $5 $$");
  EXPECT_EQ(top.Find("c")->scalar(), "[]");
  EXPECT_EQ(top.Find("d")->scalar(), "x\nadmin: true ${HOST}");
  EXPECT_EQ(top.Find("${HOST}")->scalar(), "e") << "keys are taken as they are";
  EXPECT_EQ(top.Find("f")->scalar(), "$${HOST}");
  EXPECT_EQ(top.entries().size(), 6u);
}

TEST(ParseYamlTest, TooMuch) {
  EXPECT_EQ(Refusal(std::string((1 << 20) + 1, ' ')), "test.yaml: is longer than 1048576 bytes");
  EXPECT_EQ(Refusal(std::string("a: \0", 4)), "test.yaml: is not text: it holds a NUL byte");
  std::string many("a: [");
  for (int i = 0; i < 100001; ++i) many += "1,";
  EXPECT_THAT(Refusal(Concat(many, "]")),
              testing::HasSubstr("the file has more than 100000 values"));
  EXPECT_THAT(Refusal(std::string(1000, '[')), testing::HasSubstr("test.yaml:1: "));
  EXPECT_THAT(Refusal(Concat(std::string(300, 'k'), ": 1")),
              testing::HasSubstr("a key must have 1 to 256 characters"));
}

TEST(ParseYamlTest, AllMistakesAtOnce) {
  EXPECT_EQ(Refusal("a: ${X}\nb: 1\nb: 2\nc: !t 3\n"),
            "test.yaml:1: a: the environment variable X is not set\n"
            "test.yaml:3: b: is given twice, first in line 2\n"
            "test.yaml:4: c: tag !t is not supported");
}

TEST(LoadYamlTest, WhatCannotBeRead) {
  EXPECT_EQ(LoadYaml("/nonexistent/agent.yaml").status().message(),
            "read configuration /nonexistent/agent.yaml: No such file or directory");
  EXPECT_EQ(LoadYaml("/").status().message(), "read configuration /: it is not a regular file");
}

// Each file says in its leading comment lines what must be said about it.
class BadConfigTest : public testing::TestWithParam<std::filesystem::path> {};

TEST_P(BadConfigTest, IsRefusedWithTheMessageInItsFirstLines) {
  std::ifstream file(GetParam());
  std::string line;
  std::string expected;
  const std::string start = Concat("# ", GetParam().filename().string(), ":");
  while (std::getline(file, line) && line.compare(0, start.size(), start) == 0) {
    Append(expected, expected.empty() ? "" : "\n", GetParam().parent_path().string(), "/",
           std::string_view(line).substr(2));
  }
  ASSERT_NE(expected, "") << "the file does not say what is wrong with it";
  EXPECT_EQ(LoadYaml(GetParam().string()).status().message(), expected);
}

std::vector<std::filesystem::path> BadConfigs() {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(POSTWATCH_TESTDATA "/config")) {
    if (entry.path().filename().string().rfind("bad-", 0) == 0) paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

INSTANTIATE_TEST_SUITE_P(Files, BadConfigTest, testing::ValuesIn(BadConfigs()),
                         [](const testing::TestParamInfo<std::filesystem::path>& info) {
                           std::string name = info.param.stem().string();
                           for (char& c : name) c = c == '-' ? '_' : c;
                           return name;
                         });

}  // namespace
}  // namespace postwatch
