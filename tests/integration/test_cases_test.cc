// docs/test-cases.md names tests that exist.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <regex>
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

std::vector<std::string> Matches(const std::string& text, const std::regex& pattern,
                                 const char* format) {
  std::vector<std::string> found;
  for (std::sregex_iterator it(text.begin(), text.end(), pattern), end; it != end; ++it) {
    found.push_back(it->format(format));
  }
  return found;
}

// "Suite.Name" of every test in C++.
std::set<std::string> WrittenTests() {
  static const std::regex kTest("TEST(?:_F|_P)?\\((\\w+), (\\w+)\\)");
  std::set<std::string> names;
  for (const auto& entry : fs::recursive_directory_iterator(Tests())) {
    if (!entry.path().string().ends_with("_test.cc")) continue;
    names.merge([&] {
      const std::vector<std::string> found = Matches(ReadAll(entry.path()), kTest, "$1.$2");
      return std::set<std::string>(found.begin(), found.end());
    }());
  }
  return names;
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
  static const std::regex kCitation("`([^`]+)`");
  const std::set<std::string> written = WrittenTests();
  ASSERT_GT(written.size(), 1000u);
  for (const std::string& row : Rows()) {
    const std::vector<std::string> citations = Matches(row, kCitation, "$1");
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
