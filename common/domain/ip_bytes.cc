#include "common/domain/ip_bytes.h"

#include <arpa/inet.h>

#include "common/base/text.h"

namespace postwatch {
namespace {

constexpr size_t kV4Bytes = 4;
constexpr std::string_view kMappedPrefix("\0\0\0\0\0\0\0\0\0\0\xff\xff", 12);
constexpr std::string_view kNibbles = "0123456789abcdef";

}  // namespace

std::string IpBytes(std::string_view ip) {
  if (ip.find('\0') != ip.npos) return "";  // inet_pton would read no further
  const std::string text(ip);
  std::string bytes(16, '\0');
  if (inet_pton(AF_INET, text.c_str(), bytes.data()) == 1) return bytes.substr(0, kV4Bytes);
  if (inet_pton(AF_INET6, text.c_str(), bytes.data()) != 1) return "";
  if (bytes.starts_with(kMappedPrefix)) return bytes.substr(kMappedPrefix.size());
  return bytes;
}

bool SharesPrefix(std::string_view a, std::string_view b, int bits) {
  if (a.size() != b.size() || bits < 0 || static_cast<size_t>(bits) > a.size() * 8) return false;
  const size_t whole = static_cast<size_t>(bits) / 8;
  if (a.substr(0, whole) != b.substr(0, whole)) return false;
  const int rest = bits % 8;
  if (rest == 0) return true;
  const auto difference = static_cast<unsigned char>(a[whole] ^ b[whole]);
  return (difference >> (8 - rest)) == 0;
}

std::vector<std::string> IpLabels(std::string_view bytes) {
  std::vector<std::string> labels;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (bytes.size() == kV4Bytes) {
      labels.push_back(std::to_string(byte));
    } else {
      labels.emplace_back(1, kNibbles[byte >> 4]);
      labels.emplace_back(1, kNibbles[byte & 0xf]);
    }
  }
  return labels;
}

std::string ReversedIpLabels(std::string_view bytes) {
  const std::vector<std::string> labels = IpLabels(bytes);
  return Join(std::vector<std::string>(labels.rbegin(), labels.rend()), ".");
}

std::string ReverseName(std::string_view bytes) {
  return Concat(ReversedIpLabels(bytes), bytes.size() == kV4Bytes ? ".in-addr.arpa" : ".ip6.arpa");
}

}  // namespace postwatch
