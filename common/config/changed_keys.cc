#include "common/config/changed_keys.h"

#include <set>

#include "common/base/text.h"

namespace postwatch {
namespace {

void Collect(const Settings& before, const Settings& after, const std::string& path,
             std::vector<std::string>& changed) {
  using Kind = Settings::Kind;
  if (before == after) return;
  if (before.kind() != Kind::kMap || after.kind() != Kind::kMap) {
    changed.push_back(path);
    return;
  }
  std::set<std::string> keys;
  for (const auto& [key, value] : before.entries()) keys.insert(key);
  for (const auto& [key, value] : after.entries()) keys.insert(key);
  for (const std::string& key : keys) {
    const std::string here = path.empty() ? key : Concat(path, ".", key);
    const Settings *old = before.Find(key), *now = after.Find(key);
    if (old == nullptr || now == nullptr) {
      changed.push_back(here);
    } else {
      Collect(*old, *now, here, changed);
    }
  }
}

}  // namespace

std::vector<std::string> ChangedKeys(const Settings& before, const Settings& after) {
  std::vector<std::string> changed;
  Collect(before, after, "", changed);
  return changed;
}

}  // namespace postwatch
