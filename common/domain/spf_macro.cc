#include "common/domain/spf_macro.h"

#include <algorithm>
#include <cctype>
#include <optional>
#include <vector>

#include "common/base/text.h"
#include "common/domain/ip_bytes.h"

namespace postwatch {
namespace {

constexpr size_t kMaxNameBytes = 253;
constexpr size_t kMaxQuoted = 80;
constexpr int kMaxLabels = 128;  // more than a name has
constexpr std::string_view kLetters = "slodiphv";
constexpr std::string_view kDelimiters = ".-+,/_=";
constexpr std::string_view kUnreserved =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

struct Macro {
  char letter = 0;       // small; '%', '_' and '-' for the escapes
  bool escaped = false;  // written in capitals: URL-escaped (section 7.3)
  int labels = 0;        // how many from the right; 0 for all
  bool reversed = false;
  std::string delimiters;
  size_t length = 0;  // of what was written
};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsAlpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// The macro that `text`, which starts with '%', begins with; nothing when it is none.
std::optional<Macro> ReadMacro(std::string_view text) {
  Macro macro;
  if (text.size() < 2) return std::nullopt;
  if (text[1] == '%' || text[1] == '_' || text[1] == '-') {
    macro.letter = text[1];
    macro.length = 2;
    return macro;
  }
  const size_t end = text.find('}');
  if (text[1] != '{' || end == text.npos || end < 3) return std::nullopt;
  macro.length = end + 1;
  std::string_view inside = text.substr(2, end - 2);
  macro.escaped = inside[0] >= 'A' && inside[0] <= 'Z';
  macro.letter = static_cast<char>(std::tolower(static_cast<unsigned char>(inside[0])));
  if (kLetters.find(macro.letter) == kLetters.npos) return std::nullopt;
  inside.remove_prefix(1);
  const bool counted = !inside.empty() && IsDigit(inside[0]);
  while (!inside.empty() && IsDigit(inside[0])) {
    macro.labels = std::min(macro.labels * 10 + (inside[0] - '0'), kMaxLabels);
    inside.remove_prefix(1);
  }
  if (counted && macro.labels == 0) return std::nullopt;
  if (!inside.empty() && (inside[0] == 'r' || inside[0] == 'R')) {
    macro.reversed = true;
    inside.remove_prefix(1);
  }
  if (inside.find_first_not_of(kDelimiters) != inside.npos) return std::nullopt;
  macro.delimiters = inside.empty() ? "." : std::string(inside);
  return macro;
}

std::string_view LocalPart(std::string_view sender) {
  const size_t at = sender.rfind('@');
  return at == sender.npos || at == 0 ? "postmaster" : sender.substr(0, at);
}

std::string_view SenderDomain(std::string_view sender) {
  const size_t at = sender.rfind('@');
  return at == sender.npos ? sender : sender.substr(at + 1);
}

std::string ValueOf(char letter, const SpfMacroValues& values) {
  switch (letter) {
    case 's':
      return Concat(LocalPart(values.sender), "@", SenderDomain(values.sender));
    case 'l':
      return std::string(LocalPart(values.sender));
    case 'o':
      return std::string(SenderDomain(values.sender));
    case 'd':
      return values.domain;
    case 'i':
      return Join(IpLabels(IpBytes(values.ip)), ".");
    case 'p':
      return values.validated;
    case 'h':
      return values.helo;
    default:
      return IpBytes(values.ip).size() == 4 ? "in-addr" : "ip6";
  }
}

std::string UrlEscape(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (kUnreserved.find(c) != kUnreserved.npos) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    Append(out, "%", kHex.substr(byte >> 4, 1), kHex.substr(byte & 0xf, 1));
  }
  return out;
}

std::string Expand(const Macro& macro, const SpfMacroValues& values) {
  if (macro.letter == '%') return "%";
  if (macro.letter == '_') return " ";
  if (macro.letter == '-') return "%20";
  std::vector<std::string> parts(1);
  for (const char c : ValueOf(macro.letter, values)) {
    if (macro.delimiters.find(c) != macro.delimiters.npos) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  if (macro.reversed) std::reverse(parts.begin(), parts.end());
  const auto count = static_cast<size_t>(macro.labels);
  if (count > 0 && parts.size() > count) {
    parts.erase(parts.begin(), parts.end() - static_cast<std::ptrdiff_t>(count));
  }
  std::string text = Join(parts, ".");
  return macro.escaped ? UrlEscape(text) : text;
}

// Letters, digits and hyphens, neither hyphens at the ends nor all digits (section 7.1, toplabel).
bool IsTopLabel(std::string_view label) {
  if (label.empty() || label.front() == '-' || label.back() == '-') return false;
  if (std::ranges::all_of(label, IsDigit)) return false;
  return std::ranges::all_of(label, [](char c) { return IsAlpha(c) || IsDigit(c) || c == '-'; });
}

// Whether any macro of the text does `Wanted`.
template <class Wanted>
bool AnyMacro(std::string_view text, Wanted wanted) {
  for (size_t at = text.find('%'); at != text.npos; at = text.find('%', at)) {
    const std::optional<Macro> macro = ReadMacro(text.substr(at));
    if (!macro.has_value()) return false;
    if (wanted(*macro)) return true;
    at += macro->length;
  }
  return false;
}

}  // namespace

std::string SpfMacroStringMistake(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    if (text[at] < 0x21 || text[at] > 0x7e) return "a character that is not visible ASCII";
    if (text[at] != '%') {
      ++at;
      continue;
    }
    const std::optional<Macro> macro = ReadMacro(text.substr(at));
    if (!macro.has_value()) {
      return Concat("'", Truncate(text.substr(at), kMaxQuoted), "' starts with no macro");
    }
    at += macro->length;
  }
  return "";
}

std::string SpfDomainSpecMistake(std::string_view spec) {
  if (spec.empty()) return "there is no domain";
  std::string mistake = SpfMacroStringMistake(spec);
  if (!mistake.empty() || spec.ends_with('}')) return mistake;
  std::string_view name = spec;
  if (name.ends_with('.')) name.remove_suffix(1);
  const size_t dot = name.rfind('.');
  const size_t macro_end = name.rfind('}');
  const bool dotted = dot != name.npos && (macro_end == name.npos || macro_end < dot);
  if (!dotted || !IsTopLabel(name.substr(dot + 1))) {
    return Concat("'", Truncate(spec, kMaxQuoted), "' is not a domain name");
  }
  return "";
}

bool DependsOnSender(std::string_view spec) {
  return AnyMacro(spec, [](const Macro& macro) {
    return std::string_view("slipohv").find(macro.letter) != std::string_view::npos;
  });
}

bool NamesValidated(std::string_view spec) {
  return AnyMacro(spec, [](const Macro& macro) { return macro.letter == 'p'; });
}

std::string ExpandSpfMacros(std::string_view spec, const SpfMacroValues& values) {
  std::string name;
  for (size_t at = 0; at < spec.size();) {
    const std::optional<Macro> macro =
        spec[at] == '%' ? ReadMacro(spec.substr(at)) : std::optional<Macro>();
    if (macro.has_value()) {
      name += Expand(*macro, values);
      at += macro->length;
    } else {
      name += spec[at++];
    }
  }
  if (name.ends_with('.')) name.pop_back();
  while (name.size() > kMaxNameBytes && name.find('.') != name.npos) {
    name.erase(0, name.find('.') + 1);
  }
  return name;
}

}  // namespace postwatch
