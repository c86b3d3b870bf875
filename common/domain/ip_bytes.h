// IpBytes: an IP address as bytes and as the labels that DNS names are made of.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace postwatch {

// 4 or 16 bytes in network order; "" for what is no address. An IPv4-mapped IPv6 address
// (RFC 4291 section 2.5.5.2) gives the 4 bytes of the IPv4 one.
std::string IpBytes(std::string_view ip);

// Whether two addresses, as bytes, share their first `bits` bits. Never for different families.
bool SharesPrefix(std::string_view a, std::string_view b, int bits);

// "192" "0" "2" "1"; the 32 nibbles of an IPv6 address, "2" "0" "0" "1" "0" "d" ... Of 4 or 16
// bytes, first the most significant.
std::vector<std::string> IpLabels(std::string_view bytes);

// "1.2.0.192": the labels in the order of the DNS, to which a zone is appended (RFC 1035 section
// 3.5, RFC 3596 section 2.5, RFC 5782 section 2).
std::string ReversedIpLabels(std::string_view bytes);

// The name whose PTR record names the address: "1.2.0.192.in-addr.arpa".
std::string ReverseName(std::string_view bytes);

}  // namespace postwatch
