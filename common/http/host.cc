#include "common/http/host.h"

#include <algorithm>
#include <boost/asio/ip/address.hpp>

#include "common/base/text.h"

namespace postwatch {
namespace {

constexpr size_t kMaxHost = 255;

bool IsIp(const std::string& host) {
  boost::system::error_code error;
  boost::asio::ip::make_address(host, error);
  return !error;
}

bool IsPort(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::string HostOf(std::string_view authority) {
  const size_t user = authority.rfind('@');
  if (user != authority.npos) authority.remove_prefix(user + 1);
  std::string_view host = authority;
  std::string_view behind;
  if (authority.starts_with('[')) {
    const size_t end = authority.find(']');
    if (end == authority.npos) return "";
    host = authority.substr(1, end - 1);
    behind = authority.substr(end + 1);
    if (host.find(':') == host.npos) return "";
  } else if (const size_t colon = authority.find(':'); colon != authority.npos) {
    host = authority.substr(0, colon);
    behind = authority.substr(colon);
  }
  if (!behind.empty() && (behind[0] != ':' || !IsPort(behind.substr(1)))) return "";
  if (host.ends_with('.')) host.remove_suffix(1);
  return host.size() > kMaxHost ? "" : AsciiLower(host);
}

std::string HostOfUrl(std::string_view url) {
  const size_t scheme = url.find("://");
  if (scheme == url.npos) return "";
  const std::string_view rest = url.substr(scheme + 3);
  return HostOf(rest.substr(0, rest.find_first_of("/?#")));
}

bool IsPlainHost(std::string_view text) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
  };
  return !text.empty() && HostOf(text) == text && std::ranges::all_of(text, fits);
}

bool IsOurHost(std::string_view header, std::span<const std::string> names) {
  if (header.find('@') != header.npos) return false;
  const std::string host = HostOf(header);
  if (host.empty()) return false;
  return host == "localhost" || IsIp(host) || std::ranges::find(names, host) != names.end();
}

}  // namespace postwatch
