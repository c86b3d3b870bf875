// Url: the parts of an absolute http or https URL (RFC 3986), as a client needs them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace postwatch {

struct Url {
  bool secure = true;      // https
  std::string host;        // lower case; an IPv6 literal without its brackets
  uint16_t port = 443;     // 80 for http
  std::string path = "/";  // with the query, without the fragment; as written

  // Host and port as the Host header and a URL write them: the port only where it is not the
  // scheme's own, an IPv6 literal in brackets.
  std::string Authority() const;
  std::string Text() const;

  bool operator==(const Url&) const = default;
};

// Nothing for a URL of another scheme, with a user name, without a host, or with spaces, control
// characters or bytes beyond ASCII; and for one over 2048 bytes.
std::optional<Url> ParseUrl(std::string_view text);

// Whether the host is this machine's own: localhost, 127.0.0.0/8 or ::1.
bool IsLoopbackHost(std::string_view host);

}  // namespace postwatch
