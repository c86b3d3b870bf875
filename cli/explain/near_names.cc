#include "cli/explain/near_names.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "common/base/text.h"

namespace postwatch::cli {
namespace {

constexpr size_t kLongestWord = 64;  // a longer one is no misspelt name

}  // namespace

size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < a.size(); ++i) {
    size_t corner = std::exchange(row[0], i + 1);
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t changed = corner + (a[i] == b[j] ? 0 : 1);
      corner = std::exchange(row[j + 1], std::min({changed, row[j] + 1, row[j + 1] + 1}));
    }
  }
  return row[b.size()];
}

std::vector<std::string> NearNames(std::string_view word, std::span<const std::string> names,
                                   size_t most) {
  if (word.empty() || word.size() > kLongestWord) return {};
  std::vector<std::pair<size_t, std::string>> near;
  for (const std::string& name : names) {
    const size_t distance = EditDistance(AsciiLower(word), name);
    if (distance <= std::max<size_t>(2, name.size() / 5)) {
      near.emplace_back(distance, name);
    } else if (word.size() >= 3 && ContainsIgnoreCase(name, word)) {
      near.emplace_back(kLongestWord + name.size(), name);
    }
  }
  std::ranges::sort(near);
  std::vector<std::string> found;
  for (const auto& [distance, name] : near) {
    if (found.size() < most) found.push_back(name);
  }
  return found;
}

}  // namespace postwatch::cli
