#include "common/mail/imap_syntax.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/escaping.h"
#include "common/base/text.h"
#include "common/mail/peer_text.h"

namespace postwatch {
namespace {

constexpr size_t kMaxQuoted = 1000;
constexpr uint32_t kReplacement = 0xFFFD;

bool IsPlain(char c) { return c >= 0x20 && c < 0x7F; }

// Takes one code point off the front of `text`, which is not empty.
uint32_t TakeCodePoint(std::string_view& text) {
  const auto lead = static_cast<uint8_t>(text[0]);
  const size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  uint32_t point = length == 1 ? lead : lead & (0xFF >> (length + 1));
  if (lead >= 0x80 && (lead < 0xC2 || lead > 0xF4 || text.size() < length)) {
    text.remove_prefix(1);
    return kReplacement;
  }
  for (size_t i = 1; i < length; ++i) {
    const auto byte = static_cast<uint8_t>(text[i]);
    if ((byte & 0xC0) != 0x80) {
      text.remove_prefix(i);
      return kReplacement;
    }
    point = (point << 6) | (byte & 0x3F);
  }
  text.remove_prefix(length);
  const bool overlong = (length == 3 && point < 0x800) || (length == 4 && point < 0x10000);
  const bool surrogate = point >= 0xD800 && point < 0xE000;
  return overlong || surrogate || point > 0x10FFFF ? kReplacement : point;
}

void AppendUtf16(uint32_t point, std::string& out) {
  const auto unit = [&](uint32_t value) {
    out += static_cast<char>(value >> 8);
    out += static_cast<char>(value & 0xFF);
  };
  if (point >= 0x10000) {
    unit(0xD800 + ((point - 0x10000) >> 10));
    unit(0xDC00 + ((point - 0x10000) & 0x3FF));
  } else {
    unit(point);
  }
}

// "&...-" with base64 of UTF-16, no padding and ',' for '/'.
void FlushShifted(std::string& utf16, std::string& out) {
  if (utf16.empty()) return;
  std::string encoded = Base64(utf16);
  while (encoded.ends_with('=')) encoded.pop_back();
  std::replace(encoded.begin(), encoded.end(), '/', ',');
  out += '&';
  out += encoded;
  out += '-';
  utf16.clear();
}

void AppendUtf8(uint32_t point, std::string& out) {
  const auto tail = [&](int shift) { out += static_cast<char>(0x80 | ((point >> shift) & 0x3F)); };
  if (point < 0x80) {
    out += static_cast<char>(point);
  } else if (point < 0x800) {
    out += static_cast<char>(0xC0 | (point >> 6));
    tail(0);
  } else if (point < 0x10000) {
    out += static_cast<char>(0xE0 | (point >> 12));
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xF0 | (point >> 18));
    tail(12);
    tail(6);
    tail(0);
  }
}

// What stands between "&" and "-".
bool AppendShifted(std::string_view shifted, std::string& out) {
  std::string encoded(shifted);
  std::replace(encoded.begin(), encoded.end(), ',', '/');
  while (encoded.size() % 4 != 0) encoded += '=';
  std::string utf16;
  if (!absl::Base64Unescape(encoded, &utf16) || utf16.size() % 2 != 0) return false;
  uint32_t high = 0;
  for (size_t i = 0; i < utf16.size(); i += 2) {
    const uint32_t unit = (static_cast<uint32_t>(static_cast<uint8_t>(utf16[i])) << 8) |
                          static_cast<uint8_t>(utf16[i + 1]);
    if (high == 0 && unit >= 0xD800 && unit < 0xDC00) {
      high = unit;
      continue;
    }
    const bool low = unit >= 0xDC00 && unit < 0xE000;
    const bool pair = high != 0 && low;
    if (pair != (high != 0 || low)) return false;
    AppendUtf8(pair ? 0x10000 + ((high - 0xD800) << 10) + (unit - 0xDC00) : unit, out);
    high = 0;
  }
  return high == 0;
}

}  // namespace

bool ImapQuotable(std::string_view text) {
  return text.size() <= kMaxQuoted && std::all_of(text.begin(), text.end(), IsPlain);
}

std::string ImapQuoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
  return out;
}

std::string ModifiedUtf7(std::string_view utf8) {
  std::string out;
  std::string utf16;
  while (!utf8.empty()) {
    if (!IsPlain(utf8[0])) {
      AppendUtf16(TakeCodePoint(utf8), utf16);
      continue;
    }
    FlushShifted(utf16, out);
    out += utf8[0];
    if (utf8[0] == '&') out += '-';
    utf8.remove_prefix(1);
  }
  FlushShifted(utf16, out);
  return out;
}

std::optional<std::string> FromModifiedUtf7(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '&') {
      out += text[at];
      continue;
    }
    const size_t end = text.find('-', at);
    if (end == text.npos) return std::nullopt;
    const std::string_view shifted = text.substr(at + 1, end - at - 1);
    if (shifted.empty()) {
      out += '&';
    } else if (!AppendShifted(shifted, out)) {
      return std::nullopt;
    }
    at = end;
  }
  if (ModifiedUtf7(out) != text) return std::nullopt;
  return out;
}

}  // namespace postwatch
