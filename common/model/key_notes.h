// Key notes: which keys readers of settings ask for, and what their values must be.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace postwatch {

// kAny: only asked whether it is there. kTree, kItems: what is in it is noted by itself.
enum class KeyShape {
  kAny,
  kTree,
  kItems,
  kText,
  kInteger,
  kBool,
  kDuration,
  kChoice,
  kTexts,
  kSecret
};

struct KeyNote {
  KeyShape shape = KeyShape::kAny;
  bool required = false;
  bool or_texts = false;  // a list may hold single values in place of maps
  std::string fallback;   // as one would write it; empty when there is none
  std::string low, high;  // of numbers and durations
  std::vector<std::string> choices;

  bool operator==(const KeyNote&) const = default;
};

// Filled by every SettingsReader whose Mistakes has one. By path, with "[]" for any place in a
// list: "targets[].domain".
class KeyNotes {
 public:
  // The most that is known of a key is kept; it is required if it always was.
  void Add(std::string_view path, const KeyNote& note);

  const std::map<std::string, KeyNote>& all() const { return all_; }

 private:
  std::map<std::string, KeyNote> all_;
};

}  // namespace postwatch
