// The collector's example is what the programs take, the keys in its comments included.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "collector/alert/alert_sink.h"
#include "collector/config.h"
#include "collector/plan.h"
#include "common/base/text.h"
#include "common/config/yaml_file.h"
#include "tests/support/probe_fixture.h"

namespace postwatch {
namespace {

std::string ReadExample() {
  std::ifstream in(Concat(POSTWATCH_TESTDATA, "/../../docs/examples/collector.yaml"));
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

// With "# key: value" turned into "key: value", at the same depth. Prose has no colon after its
// first word.
std::string Uncommented(const std::string& example) {
  constexpr std::string_view kKeyLetters = "abcdefghijklmnopqrstuvwxyz0123456789_.";
  std::string out;
  for (const std::string_view line : Split(example, '\n')) {
    const size_t indent = std::min(line.find_first_not_of(' '), line.size());
    std::string_view rest = line.substr(indent);
    if (rest.starts_with("# ")) rest.remove_prefix(2);
    const size_t key = std::min(rest.find_first_not_of(' '), rest.size());
    const size_t end = std::min(rest.find_first_not_of(kKeyLetters, key), rest.size());
    const std::string_view after = rest.substr(end);
    // Files that are included are taken in before the keys are read.
    const bool read_before = rest.substr(key, end - key) == "include";
    const bool is_key = end > key && (after == ":" || after.starts_with(": ")) && !read_before;
    Append(out, is_key ? Concat(line.substr(0, indent), rest) : std::string(line), "\n");
  }
  return out;
}

class ExampleTest : public agent::ProbeFixture {
 protected:
  // Every mistake that collector and agents would find in it.
  std::vector<std::string> MistakesIn(const std::string& text) {
    const auto none = [](const std::string&) -> std::optional<std::string> { return std::nullopt; };
    const absl::StatusOr<Settings> root = ParseYaml(text, "collector.yaml", none);
    if (!root.ok()) return {root.status().ToString()};
    Mistakes mistakes;
    const collector::CollectorConfig config = collector::ReadCollectorConfig(*root, mistakes);
    for (const collector::SinkConfig& sink : config.sinks) {
      collector::MakeBuiltinSink(sink.type, sink.settings, sink.name, {.clock = clock_}, mistakes);
    }
    const collector::FleetPlan plan = collector::MakePlan(config, mistakes);
    std::vector<std::string> lines = mistakes.lines();
    for (const CheckSpec& check : plan.checks) {
      const std::string refusal = Refusal(check);
      if (!refusal.empty()) lines.push_back(refusal);
    }
    return lines;
  }
};

TEST_F(ExampleTest, EveryPartTakesItAsItIs) {
  EXPECT_EQ(MistakesIn(ReadExample()), std::vector<std::string>{});
}

TEST_F(ExampleTest, EveryPartTakesTheKeysInItsComments) {
  const std::string text = Uncommented(ReadExample());
  for (const char* key :
       {"\nlisten:\n  grpc:", "\nretention:  ", "\n  observations: 720h ", "\n  anchors: [",
        "\n    host:", "\n      username:", "\n        receive_from:\n          address:",
        "\n  reminder_every:", "\n      ca_file:"}) {
    EXPECT_NE(text.find(key), text.npos) << key;
  }
  EXPECT_EQ(MistakesIn(text), std::vector<std::string>{});
}

}  // namespace
}  // namespace postwatch
