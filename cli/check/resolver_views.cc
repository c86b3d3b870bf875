#include "cli/check/resolver_views.h"

#include <algorithm>
#include <iterator>

#include "common/base/text.h"

namespace postwatch::cli {
namespace {

void ReplaceAll(std::string& text, std::string_view what, std::string_view with) {
  for (size_t at = text.find(what); at != text.npos; at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
}

// The text without the name of the resolver that it comes from.
std::string Neutral(std::string text, const Finding& from) {
  for (const std::string& resolver : from.resolvers) {
    ReplaceAll(text, resolver, "?");
    if (const size_t colon = resolver.rfind(':'); colon != resolver.npos && colon > 0) {
      ReplaceAll(text, std::string_view(resolver).substr(0, colon), "?");
    }
  }
  return text;
}

// How long it took and how long caches keep it differs from resolver to resolver.
bool Passing(std::string_view key) {
  return key.ends_with("ttl") || key.ends_with("took") || key.ends_with("seconds");
}

// The facts without their order, since servers turn the order of records around.
std::map<std::string, std::vector<std::string>> Sorted(const Finding& finding) {
  std::map<std::string, std::vector<std::string>> sorted;
  for (const auto& [key, value] : finding.facts) {
    if (Passing(key)) continue;
    std::vector<std::string> parts;
    const std::string neutral = Neutral(value, finding);
    for (const std::string_view part : Split(neutral, ',')) parts.emplace_back(Trim(part));
    std::ranges::sort(parts);
    sorted[key] = std::move(parts);
  }
  return sorted;
}

bool SayTheSame(const Finding& a, const Finding& b) {
  return a.check == b.check && a.subject == b.subject && a.outcome == b.outcome &&
         a.klass == b.klass && a.severity == b.severity && a.step == b.step &&
         Neutral(a.detail, a) == Neutral(b.detail, b) && Sorted(a) == Sorted(b);
}

}  // namespace

std::vector<Finding> MergeViews(std::vector<std::vector<Finding>> views) {
  const bool alone = views.size() < 2;
  std::vector<Finding> merged;
  for (std::vector<Finding>& view : views) {
    const size_t before = merged.size();  // two findings of one resolver are two
    std::vector<bool> taken(before);
    for (Finding& finding : view) {
      size_t at = 0;
      while (at < before && (taken[at] || !SayTheSame(merged[at], finding))) ++at;
      if (at == before) {
        merged.push_back(std::move(finding));
        continue;
      }
      taken[at] = true;
      std::ranges::move(finding.resolvers, std::back_inserter(merged[at].resolvers));
    }
  }
  if (alone) {
    for (Finding& finding : merged) finding.resolvers.clear();
  }
  return merged;
}

}  // namespace postwatch::cli
