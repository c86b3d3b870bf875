#include "common/checks/host_settings.h"

#include <algorithm>

#include "common/base/text.h"
#include "common/net/address.h"

namespace postwatch {
namespace {

constexpr size_t kMaxNameBytes = 253;  // RFC 1035 section 2.3.4, without the final dot

bool IsHostName(std::string_view text) {
  if (text.ends_with('.')) text.remove_suffix(1);
  if (text.empty() || text.size() > kMaxNameBytes) return false;
  return std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  });
}

}  // namespace

std::string HostNameMistake(const std::string& text) {
  return IsHostName(text) ? "" : Concat("'", text, "' is not a host name");
}

std::string IpMistake(const std::string& text) {
  return IsIpLiteral(text) ? "" : Concat("'", text, "' is not an IP address");
}

std::string ReadHost(SettingsReader& in, std::string_view key) {
  std::string host = in.String(key, "");
  if (!host.empty() && !IsHostName(host) && !IsIpLiteral(host)) {
    in.Complain(key, Concat("'", host, "' is neither a host name nor an IP address"));
  }
  return host;
}

}  // namespace postwatch
