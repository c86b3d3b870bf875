#include "common/http/request_target.h"

#include "common/base/text.h"

namespace postwatch {
namespace {

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool Decode(std::string_view text, bool plus_is_space, std::string& out) {
  out.clear();
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
    } else {
      if (i + 2 >= text.size()) return false;
      const int high = HexValue(text[i + 1]);
      const int low = HexValue(text[i + 2]);
      if (high < 0 || low < 0) return false;
      out += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  return true;
}

// Percent-encodes all that is neither unreserved (RFC 3986 section 2.3) nor in `also`.
std::string Encode(std::string_view text, std::string_view also) {
  constexpr std::string_view kUnreserved =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    if (kUnreserved.find(c) != kUnreserved.npos || also.find(c) != also.npos) {
      encoded += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      encoded += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return encoded;
}

}  // namespace

bool SplitTarget(std::string_view target, std::string& path,
                 std::map<std::string, std::string>& query) {
  const size_t mark = target.find('?');
  if (!Decode(target.substr(0, mark), false, path)) return false;
  if (mark == target.npos) return true;
  for (const std::string_view pair : Split(target.substr(mark + 1), '&')) {
    if (pair.empty()) continue;
    const size_t equals = pair.find('=');
    std::string key, value;
    if (!Decode(pair.substr(0, equals), true, key)) return false;
    if (equals != pair.npos && !Decode(pair.substr(equals + 1), true, value)) return false;
    query[key] = value;
  }
  return true;
}

std::string JoinTarget(std::string_view path, const std::map<std::string, std::string>& query) {
  std::string target = Encode(path, "/");
  char before = '?';
  for (const auto& [key, value] : query) {
    Append(target, std::string_view(&before, 1), Encode(key, ""), "=", Encode(value, ""));
    before = '&';
  }
  return target;
}

}  // namespace postwatch
