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

// The fragments between the '*'s, each found as early as possible behind the one before.
bool AlternativeMatches(std::string_view text, std::string_view alternative) {
  size_t from = 0;
  for (std::string_view fragment : Split(alternative, '*')) {
    std::optional<size_t> end;
    for (size_t at = from; at <= text.size() && !end.has_value(); ++at) {
      end = MatchAt(text, at, fragment);
    }
    if (!end.has_value()) return false;
    from = *end;
  }
  return true;
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
  for (std::string_view alternative : Split(pattern, '|')) {
    if (AlternativeMatches(folded, alternative)) return true;
  }
  return false;
}

bool EnhancedCodeMatches(std::string_view code, std::string_view pattern) {
  if (pattern.empty()) return true;
  const std::vector<std::string_view> fields = Split(code, '.');
  if (fields.size() != 3) return false;
  for (std::string_view alternative : Split(pattern, '|')) {
    const std::vector<std::string_view> wanted = Split(alternative, '.');
    if (wanted.size() == 3 && FieldMatches(fields[0], wanted[0]) &&
        FieldMatches(fields[1], wanted[1]) && FieldMatches(fields[2], wanted[2])) {
      return true;
    }
  }
  return false;
}

bool ReplyCodeMatches(int code, std::string_view pattern) {
  const std::string digits = Concat(code);
  for (std::string_view prefix : Split(pattern, '|')) {
    if (std::string_view(digits).starts_with(prefix)) return true;
  }
  return false;
}

}  // namespace postwatch
