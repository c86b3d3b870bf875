#include "common/http/url.h"

#include <algorithm>
#include <boost/asio/ip/address.hpp>

#include "common/base/text.h"

namespace postwatch {
namespace {

constexpr size_t kMaxUrlBytes = 2048;
constexpr size_t kMaxHostBytes = 255;
constexpr uint16_t kHttpPort = 80;
constexpr uint16_t kHttpsPort = 443;

bool IsVisible(char c) { return c > ' ' && c < 0x7f; }

bool IsHostName(std::string_view text) {
  return !text.empty() && text.size() <= kMaxHostBytes && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  });
}

bool IsV6Literal(const std::string& text) {
  boost::system::error_code error;
  boost::asio::ip::make_address_v6(text, error);
  return !error;
}

bool ReadPort(std::string_view text, Url& url) {
  if (text.empty()) return true;
  if (text.front() != ':') return false;
  const std::optional<int64_t> port = ParseInteger(text.substr(1));
  if (!port.has_value() || *port < 1 || *port > 65535) return false;
  url.port = static_cast<uint16_t>(*port);
  return true;
}

bool ReadAuthority(std::string_view text, Url& url) {
  if (text.starts_with('[')) {
    const size_t end = text.find(']');
    if (end == text.npos) return false;
    url.host = AsciiLower(text.substr(1, end - 1));
    return IsV6Literal(url.host) && ReadPort(text.substr(end + 1), url);
  }
  const size_t colon = std::min(text.find(':'), text.size());
  url.host = AsciiLower(text.substr(0, colon));
  return IsHostName(url.host) && ReadPort(text.substr(colon), url);
}

}  // namespace

std::string Url::Authority() const {
  const bool v6 = host.find(':') != host.npos;
  std::string text = v6 ? Concat("[", host, "]") : host;
  if (port != (secure ? kHttpsPort : kHttpPort)) Append(text, ":", port);
  return text;
}

std::string Url::Text() const { return Concat(secure ? "https://" : "http://", Authority(), path); }

std::optional<Url> ParseUrl(std::string_view text) {
  if (text.size() > kMaxUrlBytes || !std::ranges::all_of(text, IsVisible)) return std::nullopt;
  const size_t scheme = text.find("://");
  if (scheme == text.npos) return std::nullopt;
  Url url;
  url.secure = EqualsIgnoreCase(text.substr(0, scheme), "https");
  if (!url.secure && !EqualsIgnoreCase(text.substr(0, scheme), "http")) return std::nullopt;
  url.port = url.secure ? kHttpsPort : kHttpPort;
  text.remove_prefix(scheme + 3);
  const size_t end = std::min(text.find_first_of("/?#"), text.size());
  if (!ReadAuthority(text.substr(0, end), url)) return std::nullopt;
  text.remove_prefix(end);
  text = text.substr(0, text.find('#'));
  if (!text.empty()) url.path = text.front() == '/' ? std::string(text) : Concat("/", text);
  if (url.Text().size() > kMaxUrlBytes) return std::nullopt;
  return url;
}

bool IsLoopbackHost(std::string_view host) {
  if (EqualsIgnoreCase(host, "localhost")) return true;
  boost::system::error_code error;
  const boost::asio::ip::address address = boost::asio::ip::make_address(std::string(host), error);
  return !error && address.is_loopback();
}

}  // namespace postwatch
