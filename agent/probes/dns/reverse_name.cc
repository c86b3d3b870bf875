#include "agent/probes/dns/reverse_name.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <vector>

#include "common/base/text.h"
#include "common/dns/message.h"

namespace postwatch::agent {
namespace {

constexpr std::array<std::string_view, 7> kPoolWords = {"dyn", "dynamic", "dhcp", "pool",
                                                        "dsl", "cable",   "ppp"};
constexpr std::string_view kHexDigits = "0123456789abcdef";
constexpr size_t kInterfaceBytes = 8;  // the half of an IPv6 address that names a machine

// 4 or 16 octets; empty for what is no address.
std::vector<uint8_t> OctetsOf(std::string_view ip) {
  uint8_t octets[16];
  const std::string copy(ip);
  if (inet_pton(AF_INET, copy.c_str(), octets) == 1) return {octets, octets + 4};
  if (inet_pton(AF_INET6, copy.c_str(), octets) == 1) return {octets, octets + 16};
  return {};
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLetter(char c) { return c >= 'a' && c <= 'z'; }

// Runs of characters for which `is_part` holds.
template <class IsPart>
std::vector<std::string> Runs(std::string_view text, IsPart is_part) {
  std::vector<std::string> runs;
  bool inside = false;
  for (const char c : text) {
    if (is_part(c) && !inside) runs.emplace_back();
    inside = is_part(c);
    if (inside) runs.back() += c;
  }
  return runs;
}

std::string Hex(const std::vector<uint8_t>& octets, size_t from) {
  std::string hex;
  for (size_t i = from; i < octets.size(); ++i) {
    hex += kHexDigits[octets[i] >> 4];
    hex += kHexDigits[octets[i] & 15];
  }
  return hex;
}

// All octets as numbers of their own: 192-0-2-1, 1.2.0.192, ip192x0x2x1, 192-000-002-001.
bool HasOctets(std::string_view name, const std::vector<uint8_t>& octets) {
  std::vector<int64_t> numbers;
  for (const std::string& digits : Runs(name, IsDigit)) {
    const std::optional<int64_t> number = ParseInteger(digits);
    if (number.has_value()) numbers.push_back(*number);
  }
  for (const uint8_t octet : octets) {
    const auto found = std::ranges::find(numbers, int64_t{octet});
    if (found == numbers.end()) return false;
    numbers.erase(found);
  }
  return true;
}

bool HasPoolWord(std::string_view name) {
  return std::ranges::any_of(Runs(name, IsLetter), [](const std::string& word) {
    return word.ends_with("dsl") || std::ranges::find(kPoolWords, word) != kPoolWords.end();
  });
}

}  // namespace

std::optional<std::string> ReverseName(std::string_view ip) {
  const std::vector<uint8_t> octets = OctetsOf(ip);
  if (octets.empty()) return std::nullopt;
  std::string name;
  for (size_t i = octets.size(); i-- > 0;) {
    if (octets.size() == 4) {
      Append(name, int{octets[i]}, ".");
    } else {
      name += {kHexDigits[octets[i] & 15], '.', kHexDigits[octets[i] >> 4], '.'};
    }
  }
  return name + (octets.size() == 4 ? "in-addr.arpa" : "ip6.arpa");
}

bool IsGenericName(std::string_view name, std::string_view ip) {
  const std::string canonical = CanonicalName(name);
  const std::vector<uint8_t> octets = OctetsOf(ip);
  if (octets.empty()) return false;
  if (HasPoolWord(canonical)) return true;
  std::string digits = canonical;
  std::erase_if(digits, [](char c) { return c == '-' || c == '.'; });
  if (octets.size() == 4) {
    return HasOctets(canonical, octets) || digits.find(Hex(octets, 0)) != digits.npos;
  }
  const std::string interface = Hex(octets, kInterfaceBytes);
  const bool telling = interface.find_first_not_of('0') < interface.size() / 2;
  return digits.find(Hex(octets, 0)) != digits.npos ||
         (telling && digits.find(interface) != digits.npos);
}

}  // namespace postwatch::agent
