#include "common/net/address.h"

#include <arpa/inet.h>

#include <string>

#include "common/base/text.h"

namespace postwatch {

bool IsIpLiteral(std::string_view text) {
  if (text.find('\0') != text.npos) return false;  // inet_pton would read no further
  const std::string terminated(text);
  unsigned char bytes[sizeof(in6_addr)];
  return inet_pton(AF_INET, terminated.c_str(), bytes) == 1 ||
         inet_pton(AF_INET6, terminated.c_str(), bytes) == 1;
}

std::string AddressText(const Address& address) {
  const bool v6 = address.ip.find(':') != std::string::npos;
  return v6 ? Concat("[", address.ip, "]:", address.port) : Concat(address.ip, ":", address.port);
}

std::optional<Address> ParseAddress(std::string_view text, uint16_t default_port) {
  if (IsIpLiteral(text)) return Address{std::string(text), default_port};
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view ip = text.substr(0, colon);
  if (ip.size() > 2 && ip.front() == '[' && ip.back() == ']') {
    ip = ip.substr(1, ip.size() - 2);
  } else if (ip.find(':') != std::string_view::npos) {
    return std::nullopt;
  }
  const std::optional<int64_t> port = ParseInteger(text.substr(colon + 1));
  if (!port || *port < 1 || *port > 65535 || !IsIpLiteral(ip)) return std::nullopt;
  return Address{std::string(ip), static_cast<uint16_t>(*port)};
}

}  // namespace postwatch
