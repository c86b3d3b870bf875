#include "common/config/include.h"

#include <gtest/gtest.h>

#include <array>

#include "common/base/text.h"
#include "common/config/yaml_file.h"

namespace postwatch {
namespace {

using Lines = std::vector<std::string>;

constexpr std::array<std::string_view, 2> kLists = {"targets", "alerting.sinks"};

struct File {
  std::string_view name, text;
};

std::vector<Settings> Trees(std::initializer_list<File> files) {
  std::vector<Settings> trees;
  for (const auto& [name, text] : files) {
    const auto none = [](const std::string&) -> std::optional<std::string> { return std::nullopt; };
    absl::StatusOr<Settings> tree = ParseYaml(text, name, none);
    EXPECT_TRUE(tree.ok()) << tree.status();
    trees.push_back(tree.ok() ? *std::move(tree) : Settings());
  }
  return trees;
}

Settings Together(std::initializer_list<File> files) {
  Mistakes mistakes;
  Settings tree = MergeSettings(Trees(files), kLists, mistakes);
  EXPECT_EQ(mistakes.lines(), Lines{});
  return tree;
}

Lines MistakesOf(std::initializer_list<File> files) {
  Mistakes mistakes;
  MergeSettings(Trees(files), kLists, mistakes);
  return mistakes.lines();
}

TEST(MergeSettings, MapsBecomeOneAtEveryLevel) {
  const Settings tree = Together({{"c.yaml", "tls: {ca: a}\ndefaults: {dns.mx: {interval: 30s}}\n"},
                                  {"d/1.yaml", "defaults:\n  dns.mx: {timeout: 5s}\n"},
                                  {"d/2.yaml", "defaults: {dns.spf: {require: true}}\n"}});
  const Settings& defaults = *tree.Find("defaults");
  EXPECT_EQ(tree.Find("tls")->Find("ca")->scalar(), "a");
  EXPECT_EQ(defaults.Find("dns.mx")->Find("interval")->scalar(), "30s");
  EXPECT_EQ(defaults.Find("dns.mx")->Find("timeout")->scalar(), "5s");
  EXPECT_EQ(defaults.Find("dns.mx")->Find("timeout")->origin(), "d/1.yaml:2");
  EXPECT_EQ(defaults.Find("dns.spf")->Find("require")->scalar(), "true");
}

TEST(MergeSettings, ListsOfThingsAreAppendedInOrder) {
  const Settings tree = Together({{"c.yaml", "targets:\n  - {domain: a.test}\n"},
                                  {"d/1.yaml", "alerting: {sinks: [{type: log}]}\n"},
                                  {"d/2.yaml", "targets: [{domain: b.test}, {domain: c.test}]\n"},
                                  {"d/3.yaml", "alerting: {sinks: [{type: webhook}]}\n"}});
  const std::vector<Settings>& targets = tree.Find("targets")->items();
  ASSERT_EQ(targets.size(), 3u);
  EXPECT_EQ(targets[0].Find("domain")->scalar(), "a.test");
  EXPECT_EQ(targets[2].Find("domain")->scalar(), "c.test");
  EXPECT_EQ(targets[2].Find("domain")->origin(), "d/2.yaml:1");
  EXPECT_EQ(tree.Find("alerting")->Find("sinks")->items().size(), 2u);
}

TEST(MergeSettings, WhatIsGivenTwiceNamesBothPlaces) {
  EXPECT_EQ(MistakesOf({{"c.yaml", "store: sqlite:x\ndefaults:\n  dns.mx:\n    expect: [a.test]\n"},
                        {"d/1.yaml", "store: sqlite:x\n"},
                        {"d/2.yaml", "\ndefaults: {dns.mx: {expect: [b.test]}}\n"}}),
            (Lines{"d/2.yaml:2: defaults.dns.mx.expect: is given twice, first in c.yaml:4",
                   "d/1.yaml:1: store: is given twice, first in c.yaml:1"}));
}

TEST(MergeSettings, ThingsOfTwoShapesDoNotFit) {
  EXPECT_EQ(
      MistakesOf({{"c.yaml", "targets: [{domain: a.test}]\n"}, {"d.yaml", "targets: b.test\n"}}),
      (Lines{"d.yaml:1: targets: is given twice, first in c.yaml:1"}));
}

TEST(MergeSettings, AnEmptyValueGivesWay) {
  const Settings tree = Together({{"c.yaml", "targets:\nwitness:\n"},
                                  {"d.yaml", "targets: [{domain: a.test}]\n"},
                                  {"e.yaml", "targets:\n"}});
  EXPECT_EQ(tree.Find("targets")->items().size(), 1u);
  EXPECT_EQ(tree.Find("witness")->kind(), Settings::Kind::kNull);
}

TEST(MergeSettings, OneTreeStaysAsItIs) {
  const std::vector<Settings> one = Trees({{"c.yaml", "a: [1, 2]\nb: {c: d}\n"}});
  Mistakes mistakes;
  EXPECT_EQ(MergeSettings(one, kLists, mistakes), one[0]);
  EXPECT_EQ(MergeSettings({}, kLists, mistakes), Settings::Map());
  EXPECT_TRUE(mistakes.empty());
}

}  // namespace
}  // namespace postwatch
