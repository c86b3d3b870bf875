#include "cli/explain/scope_notes.h"

#include <algorithm>
#include <array>
#include <vector>

#include "common/base/text.h"

namespace postwatch::cli {
namespace {

constexpr std::array<std::string_view, 3> kWords = {"failing", "well", "unknown"};

using Scope = std::map<std::string, std::string>;

// Empty when the note is about something else.
Scope Parse(std::string_view note) {
  Scope scope;
  for (const std::string_view part : Split(note, ',')) {
    const std::string_view row = Trim(part);
    const size_t space = row.find(' ');
    if (space == row.npos) return {};
    const std::string_view word = row.substr(space + 1);
    if (std::ranges::find(kWords, word) == kWords.end()) return {};
    scope[std::string(row.substr(0, space))] = word;
  }
  return scope;
}

std::string Sorted(const Scope& scope) {
  std::vector<std::string> groups;
  for (const std::string_view word : kWords) {
    std::vector<std::string> regions;
    for (const auto& [region, seen] : scope) {
      if (seen == word) regions.push_back(region);
    }
    if (!regions.empty()) groups.push_back(Concat(word, " from ", Join(regions, ", ")));
  }
  return Join(groups, "; ");
}

}  // namespace

std::string ScopeNotes::Shorten(const std::string& note) {
  Scope scope = Parse(note);
  if (scope.empty()) return note;
  std::vector<std::string> news;
  for (const auto& [region, seen] : scope) {
    const auto it = before_.find(region);
    if (it == before_.end()) {
      news.push_back(Concat(region, " ", seen));
    } else if (it->second != seen) {
      news.push_back(Concat(region, " ", seen, " (was ", it->second, ")"));
    }
  }
  for (const auto& [region, seen] : before_) {
    if (!scope.contains(region)) news.push_back(Concat(region, " gone (was ", seen, ")"));
  }
  const bool first = before_.empty();
  before_ = std::move(scope);
  return first || news.empty() ? Sorted(before_) : Join(news, ", ");
}

}  // namespace postwatch::cli
