#include "common/mail/text_pattern.h"

#include <optional>

#include "common/base/text.h"

namespace postwatch {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool IsWordChar(char c) {
  return IsDigit(c) || (c >= 'a' && c <= 'z') || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}

bool IsBoundary(std::string_view text, size_t at) {
  const bool before = at > 0 && IsWordChar(text[at - 1]);
  const bool after = at < text.size() && IsWordChar(text[at]);
  return before != after;
}

// End of `fragment` matched at exactly `at`.
std::optional<size_t> MatchAt(std::string_view text, size_t at, std::string_view fragment) {
  for (const char p : fragment) {
    if (p == '%') {
      if (!IsBoundary(text, at)) return std::nullopt;
      continue;
    }
    if (at >= text.size()) return std::nullopt;
    if (p != '#') {
      if (text[at++] != p) return std::nullopt;
      continue;
    }
    if (!IsDigit(text[at])) return std::nullopt;
    while (at < text.size() && IsDigit(text[at])) ++at;
  }
  return at;
}

// Whether all of the pieces between `separator`s satisfy. Hundreds of patterns are tried on every
// reply, so that a vector for each would cost more than the trial.
template <class Predicate>
bool EveryPiece(std::string_view text, char separator, Predicate satisfies) {
  for (;;) {
    const size_t at = text.find(separator);
    if (!satisfies(text.substr(0, at))) return false;
    if (at == text.npos) return true;
    text.remove_prefix(at + 1);
  }
}

template <class Predicate>
bool AnyPiece(std::string_view text, char separator, Predicate satisfies) {
  return !EveryPiece(text, separator, [&](std::string_view piece) { return !satisfies(piece); });
}

// End of the first `fragment` that begins at `from` or behind. Only where its plain characters
// stand is the rest of it tried.
std::optional<size_t> Find(std::string_view text, size_t from, std::string_view fragment) {
  std::string_view plain = fragment.substr(fragment.starts_with('%') ? 1 : 0);
  plain = plain.substr(0, plain.find_first_of("%#"));
  for (size_t at = text.find(plain, from); at != text.npos; at = text.find(plain, at + 1)) {
    const std::optional<size_t> end = MatchAt(text, at, fragment);
    if (end.has_value()) return end;
  }
  return std::nullopt;
}

// The fragments between the '*'s, each found as early as possible behind the one before.
bool AlternativeMatches(std::string_view text, std::string_view alternative) {
  size_t from = 0;
  return EveryPiece(alternative, '*', [&](std::string_view fragment) {
    const std::optional<size_t> end = Find(text, from, fragment);
    from = end.value_or(from);
    return end.has_value();
  });
}

bool FieldMatches(std::string_view field, std::string_view pattern) {
  if (pattern == "x" || pattern == field) return true;
  const size_t dash = pattern.find('-');
  if (dash == pattern.npos) return false;
  const std::optional<int64_t> value = ParseInteger(field);
  const std::optional<int64_t> low = ParseInteger(pattern.substr(0, dash));
  const std::optional<int64_t> high = ParseInteger(pattern.substr(dash + 1));
  return value.has_value() && low.has_value() && high.has_value() && *value >= *low &&
         *value <= *high;
}

}  // namespace

std::string FoldText(std::string_view text, size_t max) {
  std::string out;
  for (const char c : text.substr(0, max)) {
    const bool blank = c == ' ' || c == '\t' || c == '\r' || c == '\n';
    if (!blank) {
      out += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    } else if (!out.empty() && out.back() != ' ') {
      out += ' ';
    }
  }
  return out;
}

bool TextMatches(std::string_view folded, std::string_view pattern) {
  return AnyPiece(pattern, '|', [folded](std::string_view alternative) {
    return AlternativeMatches(folded, alternative);
  });
}

bool EnhancedCodeMatches(std::string_view code, std::string_view pattern) {
  if (pattern.empty()) return true;
  const size_t first = code.find('.');
  const size_t second = first == code.npos ? code.npos : code.find('.', first + 1);
  if (second == code.npos || code.find('.', second + 1) != code.npos) return false;
  return AnyPiece(pattern, '|', [&](std::string_view alternative) {
    std::string_view rest = code;
    size_t fields = 0;
    const bool all = EveryPiece(alternative, '.', [&](std::string_view wanted) {
      const size_t dot = rest.find('.');
      const bool fits = fields < 3 && FieldMatches(rest.substr(0, dot), wanted);
      rest.remove_prefix(dot == rest.npos ? rest.size() : dot + 1);
      ++fields;
      return fits;
    });
    return all && fields == 3;
  });
}

bool ReplyCodeMatches(int code, std::string_view pattern) {
  const std::string digits = Concat(code);
  return AnyPiece(pattern, '|', [&digits](std::string_view prefix) {
    return std::string_view(digits).starts_with(prefix);
  });
}

}  // namespace postwatch
