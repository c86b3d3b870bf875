// docs/test-cases.md names tests that exist.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "common/base/text.h"

namespace postwatch {
namespace {

namespace fs = std::filesystem;

constexpr int kCases = 36;

fs::path Tests() { return fs::path(POSTWATCH_TESTDATA).parent_path(); }

std::string ReadAll(const fs::path& path) {
  std::ifstream in(path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

// The rows of the table, the head left out.
std::vector<std::string> Rows() {
  const std::string page = ReadAll(Tests().parent_path() / "docs" / "test-cases.md");
  std::vector<std::string> rows;
  for (const std::string_view line : Split(page, '\n')) {
    if (line.size() > 2 && line.starts_with("| ") && line[2] != '|') rows.emplace_back(line);
  }
  return rows;
}

// "Suite.Name" of a line that begins a test; "" for any other.
std::string TestBegunBy(std::string_view line) {
  for (const std::string_view macro : {"TEST(", "TEST_F(", "TEST_P("}) {
    const size_t comma = line.find(", ");
    const size_t end = line.find(')');
    if (!line.starts_with(macro) || comma == line.npos || end == line.npos) continue;
    return Concat(line.substr(macro.size(), comma - macro.size()), ".",
                  line.substr(comma + 2, end - comma - 2));
  }
  return "";
}

// The names of every test in C++.
std::set<std::string> WrittenTests() {
  std::set<std::string> names;
  for (const auto& entry : fs::recursive_directory_iterator(Tests())) {
    if (!entry.path().string().ends_with("_test.cc")) continue;
    const std::string text = ReadAll(entry.path());
    for (const std::string_view line : Split(text, '\n')) names.insert(TestBegunBy(line));
  }
  return names;
}

// What stands between backticks.
std::vector<std::string> Citations(const std::string& row) {
  std::vector<std::string> citations;
  bool quoted = false;
  for (const std::string_view part : Split(row, '`')) {
    if (quoted) citations.emplace_back(part);
    quoted = !quoted;
  }
  return citations;
}

// What is wrong with "path" or "path: words", below tests/; "" when nothing is.
std::string Wrong(const std::string& citation) {
  const size_t colon = citation.find(": ");
  const fs::path path = Tests() / citation.substr(0, colon);
  if (!fs::is_regular_file(path)) return "there is no such file";
  if (colon == citation.npos) return "";
  const std::string words = citation.substr(colon + 2);
  return ReadAll(path).find(words) == std::string::npos ? "the file does not have these words" : "";
}

TEST(TestCasesTest, EveryCaseHasItsRow) {
  std::vector<std::string> numbers, expected;
  for (const std::string& row : Rows()) numbers.push_back(row.substr(2, row.find(" |", 2) - 2));
  for (int i = 1; i <= kCases; ++i) expected.push_back(Concat(i));
  EXPECT_EQ(numbers, expected);
}

TEST(TestCasesTest, WhatIsCitedExists) {
  const std::set<std::string> written = WrittenTests();
  ASSERT_GT(written.size(), 1000u);
  for (const std::string& row : Rows()) {
    const std::vector<std::string> citations = Citations(row);
    EXPECT_FALSE(citations.empty()) << row;
    for (const std::string& citation : citations) {
      const bool is_path = citation.find('/') != citation.npos;
      const std::string wrong = is_path                      ? Wrong(citation)
                                : written.contains(citation) ? ""
                                                             : "there is no such test";
      EXPECT_EQ(wrong, "") << citation;
    }
  }
}

}  // namespace
}  // namespace postwatch
