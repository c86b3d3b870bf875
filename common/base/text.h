// Text: string building and picking apart with std::string_view.
//
// Debian's Abseil is built with its own string_view, which std::string_view does not convert to;
// these are the few functions we need across that border, so that no other file has to know.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace postwatch {

inline absl::string_view ToAbsl(std::string_view text) { return {text.data(), text.size()}; }
inline std::string_view FromAbsl(absl::string_view text) { return {text.data(), text.size()}; }

namespace text_internal {
template <class T>
decltype(auto) Piece(const T& value) {
  if constexpr (std::is_same_v<T, std::string_view>) {
    return ToAbsl(value);
  } else {
    return (value);
  }
}
}  // namespace text_internal

// As absl::StrCat and absl::StrAppend, and takes std::string_view too. Named apart from Abseil's,
// so that argument-dependent lookup never has two to choose from.
template <class... T>
std::string Concat(const T&... parts) {
  return absl::StrCat(text_internal::Piece(parts)...);
}

template <class... T>
void Append(std::string& out, const T&... parts) {
  absl::StrAppend(&out, text_internal::Piece(parts)...);
}

// The pieces between `separator`s, empty ones included; views into `text`. "" gives one empty
// piece.
std::vector<std::string_view> Split(std::string_view text, char separator);

// Joins anything iterable of strings.
template <class Strings>
std::string Join(const Strings& strings, std::string_view separator) {
  std::string out;
  bool first = true;
  for (const auto& s : strings) {
    if (!first) out += separator;
    out += s;
    first = false;
  }
  return out;
}

// Without leading and trailing spaces, tabs, CR and LF.
std::string_view Trim(std::string_view text);

// ASCII only; other bytes are left alone. Never depends on the locale.
std::string AsciiLower(std::string_view text);
std::string AsciiUpper(std::string_view text);
bool EqualsIgnoreCase(std::string_view a, std::string_view b);
bool StartsWithIgnoreCase(std::string_view text, std::string_view prefix);
bool ContainsIgnoreCase(std::string_view text, std::string_view part);

// The whole text as a base-10 integer, nothing else around it.
std::optional<int64_t> ParseInteger(std::string_view text);

// At most `limit` bytes, not cutting a UTF-8 sequence in two.
std::string_view Truncate(std::string_view text, size_t limit);

}  // namespace postwatch
