// The schemas and the tables of keys in docs/ are the programs', and the examples show every key.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "agent/config_schema.h"
#include "collector/config_schema.h"
#include "common/base/text.h"

namespace postwatch {
namespace {

std::string ReadDoc(std::string_view name) {
  std::ifstream in(Concat(POSTWATCH_TESTDATA, "/../../docs/", name));
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

// The last words of the keys in a table: "targets[].domain" -> "domain". Those that any name may
// stand for are left out.
std::vector<std::string> KeysIn(const std::string& table) {
  std::vector<std::string> keys;
  for (std::string_view line : Split(table, '\n')) {
    if (!line.starts_with("| `")) continue;
    line.remove_prefix(3);
    line = line.substr(0, line.find('`'));
    const size_t dot = line.rfind('.');
    keys.emplace_back(dot == line.npos ? line : line.substr(dot + 1));
  }
  return keys;
}

std::vector<std::string> NotIn(const std::string& example, const std::vector<std::string>& keys) {
  std::vector<std::string> missing;
  for (const std::string& key : keys) {
    const bool there = example.find(Concat(" ", key, ":")) != example.npos ||
                       example.find(Concat("\n", key, ":")) != example.npos ||
                       example.find(Concat("{", key, ":")) != example.npos ||
                       example.find(Concat("`", key, "`")) != example.npos ||
                       example.find(Concat("`", key, ":")) != example.npos;
    if (!there) missing.push_back(key);
  }
  return missing;
}

TEST(ConfigDocs, TheSchemasAreTheReaders) {
  // Not EXPECT_EQ, which would print both.
  EXPECT_TRUE(ReadDoc("schema/collector.schema.json") == collector::CollectorSchema())
      << "run scripts/config_docs";
  EXPECT_TRUE(ReadDoc("schema/agent.schema.json") == agent::AgentSchema())
      << "run scripts/config_docs";
}

TEST(ConfigDocs, TheTablesAreTheReaders) {
  const std::string page = ReadDoc("configuration.md");
  EXPECT_TRUE(page.find(collector::CollectorKeys()) != page.npos) << "run scripts/config_docs";
  EXPECT_TRUE(page.ends_with(std::string(Trim(agent::AgentKeys())) + "\n"))
      << "run scripts/config_docs";
}

TEST(ConfigDocs, TheExamplesShowEveryKey) {
  const std::string collector_keys = collector::CollectorKeys(), agent_keys = agent::AgentKeys();
  EXPECT_GT(KeysIn(collector_keys).size(), 150u);
  EXPECT_GT(KeysIn(agent_keys).size(), 20u);
  EXPECT_THAT(NotIn(ReadDoc("examples/collector.yaml"), KeysIn(collector_keys)),
              testing::IsEmpty());
  EXPECT_THAT(NotIn(ReadDoc("examples/agent.yaml"), KeysIn(agent_keys)), testing::IsEmpty());
}

}  // namespace
}  // namespace postwatch
