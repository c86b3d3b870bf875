// Reverse name: what an address is called in the DNS, and whether that is just a number in words.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace postwatch::agent {

// "1.2.0.192.in-addr.arpa", or the 32 nibbles below ip6.arpa (RFC 3596 section 2.5). Nothing for
// what is no address.
std::optional<std::string> ReverseName(std::string_view ip);

// Whether a provider's machine named the address and nobody since: the name has the address in it
// (its octets in any order, or in hexadecimal), or a word such as dyn, dhcp, pool, dsl, ppp.
bool IsGenericName(std::string_view name, std::string_view ip);

}  // namespace postwatch::agent
