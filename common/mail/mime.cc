#include "common/mail/mime.h"

#include <algorithm>
#include <optional>

#include "common/base/text.h"

namespace postwatch {
namespace {

constexpr size_t kMaxFields = 10;
constexpr size_t kMaxLeaves = 50;
constexpr int kMaxDepth = 8;
constexpr size_t kMaxBoundary = 200;
constexpr size_t kQpLine = 76;

// Takes a line with its line end off the front of `text`.
std::string_view TakeLine(std::string_view& text) {
  const size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end == text.npos ? end : end + 1);
  text.remove_prefix(line.size());
  return line;
}

std::string_view WithoutLineEnd(std::string_view line) {
  if (line.ends_with('\n')) line.remove_suffix(1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

// Takes the text up to a ';' outside of quotes, and the ';'.
std::string_view TakeParameter(std::string_view& text) {
  bool quoted = false;
  size_t end = 0;
  for (; end < text.size() && (quoted || text[end] != ';'); ++end) {
    if (text[end] == '"') quoted = !quoted;
  }
  const std::string_view piece = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return Trim(piece);
}

// The value of a Content-Type parameter, quotes removed.
std::string Parameter(std::string_view content_type, std::string_view name) {
  while (!content_type.empty()) {
    const std::string_view piece = TakeParameter(content_type);
    const size_t equals = piece.find('=');
    if (equals == piece.npos || !EqualsIgnoreCase(Trim(piece.substr(0, equals)), name)) continue;
    std::string_view value = Trim(piece.substr(equals + 1));
    if (value.starts_with('"')) {
      value.remove_prefix(1);
      value = value.substr(0, value.find('"'));
    }
    return std::string(value);
  }
  return "";
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

void DecodeQuotedPrintableLine(std::string_view line, std::string& out) {
  const std::string_view content = WithoutLineEnd(line);
  const std::string_view end = line.substr(content.size());
  // White space before the line end was added on the way (RFC 2045 section 6.7 rule 3).
  const std::string_view kept = content.substr(0, content.find_last_not_of(" \t") + 1);
  for (size_t i = 0; i < kept.size(); ++i) {
    if (kept[i] != '=') {
      out += kept[i];
      continue;
    }
    if (i + 1 == kept.size()) return;  // soft line break
    const int high = HexDigit(kept[i + 1]);
    const int low = i + 2 < kept.size() ? HexDigit(kept[i + 2]) : -1;
    if (high < 0 || low < 0) {
      out += '=';
      continue;
    }
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  out += end;
}

std::string DecodeBase64(std::string_view body) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  uint32_t bits = 0;
  int count = 0;
  for (const char c : body) {
    if (c == '=') break;
    const size_t value = kAlphabet.find(c);
    if (value == kAlphabet.npos) continue;
    bits = (bits << 6) | static_cast<uint32_t>(value);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out += static_cast<char>((bits >> count) & 0xFF);
  }
  return out;
}

// The parts between the boundary lines; the line end before a boundary belongs to it.
std::vector<std::string_view> SplitParts(std::string_view body, std::string_view boundary) {
  std::vector<std::string_view> parts;
  const std::string open = Concat("--", boundary);
  const std::string close = Concat("--", boundary, "--");
  std::optional<size_t> begin;
  std::string_view rest = body;
  while (!rest.empty() && parts.size() < kMaxLeaves) {
    const size_t at = body.size() - rest.size();
    const std::string_view line = Trim(TakeLine(rest));
    if (line != open && line != close) continue;
    if (begin.has_value()) parts.push_back(WithoutLineEnd(body.substr(*begin, at - *begin)));
    begin = body.size() - rest.size();
    if (line == close) return parts;
  }
  if (begin.has_value()) parts.push_back(body.substr(*begin));
  return parts;
}

void CollectLeaves(std::string_view message, int depth, std::vector<MimeLeaf>& leaves) {
  if (leaves.size() >= kMaxLeaves) return;
  const MimeEntity entity = SplitEntity(message);
  const std::string content_type = HeaderField(entity.headers, "Content-Type");
  const std::string type = MediaType(content_type);
  const std::string boundary = Parameter(content_type, "boundary");
  if (type.starts_with("multipart/") && !boundary.empty() && boundary.size() <= kMaxBoundary &&
      depth < kMaxDepth) {
    for (std::string_view part : SplitParts(entity.body, boundary)) {
      CollectLeaves(part, depth + 1, leaves);
    }
    return;
  }
  const std::string encoding = HeaderField(entity.headers, "Content-Transfer-Encoding");
  leaves.push_back({type, DecodeTransfer(entity.body, encoding)});
}

}  // namespace

std::vector<std::string> HeaderFields(std::string_view headers, std::string_view name) {
  std::vector<std::string> values;
  bool inside = false;
  while (!headers.empty()) {
    const std::string_view line = WithoutLineEnd(TakeLine(headers));
    if (line.starts_with(' ') || line.starts_with('\t')) {
      if (inside) Append(values.back(), values.back().empty() ? "" : " ", Trim(line));
      continue;
    }
    const size_t colon = line.find(':');
    inside = colon != line.npos && EqualsIgnoreCase(Trim(line.substr(0, colon)), name);
    if (inside && values.size() == kMaxFields) break;
    if (inside) values.emplace_back(Trim(line.substr(colon + 1)));
  }
  return values;
}

std::string HeaderField(std::string_view headers, std::string_view name) {
  std::vector<std::string> values = HeaderFields(headers, name);
  return values.empty() ? "" : std::move(values.front());
}

MimeEntity SplitEntity(std::string_view message) {
  std::string_view rest = message;
  while (!rest.empty()) {
    const size_t at = message.size() - rest.size();
    if (WithoutLineEnd(TakeLine(rest)).empty()) return {message.substr(0, at), rest};
  }
  return {message, ""};
}

std::string MediaType(std::string_view content_type) {
  const std::string type = AsciiLower(Trim(content_type.substr(0, content_type.find(';'))));
  return type.find('/') == std::string::npos ? "text/plain" : type;
}

std::vector<MimeLeaf> MimeLeaves(std::string_view message) {
  std::vector<MimeLeaf> leaves;
  CollectLeaves(message, 0, leaves);
  return leaves;
}

std::string DecodeTransfer(std::string_view body, std::string_view encoding) {
  encoding = Trim(encoding);
  if (EqualsIgnoreCase(encoding, "base64")) return DecodeBase64(body);
  if (!EqualsIgnoreCase(encoding, "quoted-printable")) return std::string(body);
  std::string out;
  while (!body.empty()) DecodeQuotedPrintableLine(TakeLine(body), out);
  return out;
}

std::string EncodeQuotedPrintable(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  while (!text.empty()) {
    const std::string_view line = TakeLine(text);
    const std::string_view content = WithoutLineEnd(line);
    size_t column = 0;
    for (size_t i = 0; i < content.size(); ++i) {
      const char c = content[i];
      const bool last = i + 1 == content.size();
      const bool blank = c == ' ' || c == '\t';
      const bool plain = (c > 0x20 && c < 0x7F && c != '=') || (blank && !last);
      const size_t width = plain ? 1 : 3;
      if (column + width > kQpLine - 1) {
        out += "=\r\n";
        column = 0;
      }
      column += width;
      if (plain) {
        out += c;
      } else {
        const auto byte = static_cast<uint8_t>(c);
        out += {'=', kHex[byte >> 4], kHex[byte & 15]};
      }
    }
    out += line.substr(content.size());
  }
  return out;
}

}  // namespace postwatch
