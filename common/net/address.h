// Address: an IP address and a port, and how they are written.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace postwatch {

struct Address {
  std::string ip;  // IPv4 or IPv6 literal
  uint16_t port = 0;
};

// "198.18.11.2:25", "[2001:db8::1]:25".
std::string AddressText(const Address& address);

// "192.0.2.1", "192.0.2.1:53", "2001:db8::1", "[2001:db8::1]:53"; nothing for anything else.
std::optional<Address> ParseAddress(std::string_view text, uint16_t default_port);

// Whether the text is an IPv4 or IPv6 address, without brackets.
bool IsIpLiteral(std::string_view text);

}  // namespace postwatch
