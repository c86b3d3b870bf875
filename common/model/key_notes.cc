#include "common/model/key_notes.h"

namespace postwatch {
namespace {

// "targets[12].domain" -> "targets[].domain".
std::string AnyPlace(std::string_view path) {
  std::string general;
  bool in_brackets = false;
  for (const char c : path) {
    if (c == ']') in_brackets = false;
    if (!in_brackets) general += c;
    if (c == '[') in_brackets = true;
  }
  return general;
}

}  // namespace

void KeyNotes::Add(std::string_view path, const KeyNote& note) {
  const auto [known, fresh] = all_.emplace(AnyPlace(path), note);
  if (fresh || note.shape == KeyShape::kAny) return;
  KeyNote& kept = known->second;
  const bool required = (kept.shape == KeyShape::kAny || kept.required) && note.required;
  if (note.shape > kept.shape) kept = note;
  kept.required = required;
}

}  // namespace postwatch
