#include "common/config/known_keys.h"

#include <string>
#include <string_view>
#include <vector>

#include "common/base/text.h"

namespace postwatch {
namespace {

constexpr int kMaxRounds = 8;  // deeper than any configuration

// `tree` with `value` at a path of notes ("targets[].checks"); a list on the way gets one place.
Settings With(const Settings& tree, std::string_view path, const Settings& value) {
  if (path.empty()) return value;
  if (path.starts_with("[]")) {
    path.remove_prefix(2);
    if (path.starts_with('.')) path.remove_prefix(1);
    const bool there = tree.kind() == Settings::Kind::kList && !tree.items().empty();
    return Settings::List({With(there ? tree.items()[0] : Settings::Map(), path, value)});
  }
  const size_t end = std::min(path.find_first_of(".["), path.size());
  const std::string key(path.substr(0, end));
  path.remove_prefix(end);
  if (path.starts_with('.')) path.remove_prefix(1);
  Settings changed = tree.kind() == Settings::Kind::kMap ? tree : Settings::Map();
  const Settings* before = changed.Find(key);
  changed.Set(key, With(before == nullptr ? Settings() : *before, path, value));
  return changed;
}

// With every tree and list that is known of.
Settings Furnished(const KeyNotes& notes) {
  Settings tree = Settings::Map();
  for (const auto& [path, note] : notes.all()) {
    if (note.shape == KeyShape::kTree) tree = With(tree, path, Settings::Map());
    if (note.shape == KeyShape::kItems) tree = With(tree, path, Settings::List({Settings::Map()}));
  }
  return tree;
}

}  // namespace

KeyNotes KnownKeys(const std::function<void(const Settings& settings, Mistakes& mistakes)>& read) {
  KeyNotes notes;
  const auto look = [&](const Settings& settings) {
    Mistakes mistakes(&notes);
    read(settings, mistakes);
  };
  look(Settings::Map());
  for (int round = 0; round < kMaxRounds; ++round) {
    const size_t known = notes.all().size();
    const Settings furnished = Furnished(notes);
    look(furnished);
    // Of some keys more is asked only where they are.
    const KeyNotes before = notes;
    for (const auto& [path, note] : before.all()) {
      if (note.shape == KeyShape::kAny) look(With(furnished, path, Settings::Scalar("x")));
    }
    if (notes.all().size() == known) break;
  }
  return notes;
}

}  // namespace postwatch
