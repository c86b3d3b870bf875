#include "common/config/key_table.h"

#include "common/base/text.h"

namespace postwatch {
namespace {

std::string Takes(const KeyNote& note) {
  switch (note.shape) {
    case KeyShape::kAny:
      return "text";
    case KeyShape::kTree:
      return "a map";
    case KeyShape::kItems:
      return "a list";
    case KeyShape::kText:
      return "text";
    case KeyShape::kInteger:
      return Concat("number, ", note.low, " to ", note.high);
    case KeyShape::kBool:
      return "true or false";
    case KeyShape::kDuration:
      return Concat("duration, ", note.low, " to ", note.high);
    case KeyShape::kChoice:
      return Join(note.choices, ", ");
    case KeyShape::kTexts:
      return "a list of texts";
    case KeyShape::kSecret:
      return "`{file: PATH}` or `{env: NAME}`";
  }
  return "text";
}

// Whether another key's path goes through this one.
bool HasKeys(const KeyNotes& notes, const std::string& path) {
  for (const std::string_view next : {".", "[]."}) {
    const std::string start = Concat(path, next);
    const auto below = notes.all().lower_bound(start);
    if (below != notes.all().end() && below->first.starts_with(start)) return true;
  }
  return false;
}

}  // namespace

std::string KeyTable(std::string_view title, const KeyNotes& notes) {
  std::string text = Concat("### ", title, "\n\n");
  if (notes.all().empty()) return text + "No keys of its own.\n\n";
  Append(text, "| key | takes | default |\n|---|---|---|\n");
  std::string secret = "//";  // of which `file` and `env` are part
  for (const auto& [path, note] : notes.all()) {
    if (path.starts_with(secret)) continue;
    if (note.shape == KeyShape::kSecret) secret = Concat(path, ".");
    if (note.shape != KeyShape::kSecret && HasKeys(notes, path)) continue;
    const std::string fallback = note.required           ? "must be given"
                                 : note.fallback.empty() ? ""
                                                         : Concat("`", note.fallback, "`");
    Append(text, "| `", path, "` | ", Takes(note), " | ", fallback, " |\n");
  }
  return text + "\n";
}

}  // namespace postwatch
