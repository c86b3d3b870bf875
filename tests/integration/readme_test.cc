// The README's tables are the code's tables.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "collector/alert/alert_sink.h"
#include "common/base/text.h"
#include "common/checks/check_kinds.h"

namespace postwatch {
namespace {

std::string ReadReadme() {
  std::ifstream in(Concat(POSTWATCH_TESTDATA, "/../../README.md"));
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

// The rows between the section's heading and the next one.
std::vector<std::string> Rows(const std::string& readme, std::string_view heading) {
  const size_t start = readme.find(Concat("\n## ", heading, "\n"));
  EXPECT_NE(start, readme.npos) << heading;
  const size_t end = readme.find("\n## ", start + 1);
  std::vector<std::string> rows;
  for (const std::string_view line :
       Split(std::string_view(readme).substr(start, end - start), '\n')) {
    if (line.starts_with("| `")) rows.emplace_back(line);
  }
  return rows;
}

TEST(ReadmeTest, ListsEveryCheckKind) {
  std::vector<std::string> expected;
  for (const CheckKind& kind : CheckKinds()) {
    expected.push_back(Concat("| `", kind.name, "` | ", kind.meaning, " |"));
  }
  EXPECT_THAT(Rows(ReadReadme(), "Check kinds"), testing::ElementsAreArray(expected));
}

TEST(ReadmeTest, ListsEverySink) {
  std::vector<std::string> expected;
  for (const collector::SinkKind& kind : collector::BuiltinSinks()) {
    expected.push_back(Concat("| `", kind.type, "` | ", kind.meaning, " |"));
  }
  EXPECT_THAT(Rows(ReadReadme(), "Sinks"), testing::ElementsAreArray(expected));
}

}  // namespace
}  // namespace postwatch
