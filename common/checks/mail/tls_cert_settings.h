// Settings of `tls.cert`.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/model/check_spec.h"

namespace postwatch {

enum class TlsProtocol { kSmtp, kImap, kPop3 };

// "smtp", "imap", "pop3".
std::string_view TlsProtocolName(TlsProtocol protocol);

// A place where TLS is spoken, at once or after STARTTLS.
struct TlsEndpoint {
  std::string host;
  uint16_t port = 0;
  TlsProtocol protocol = TlsProtocol::kSmtp;
  bool starttls = false;

  bool operator==(const TlsEndpoint&) const = default;
};

//   mx: true                  the MX hosts on port 25
//   endpoints:                instead of what the domain's SRV records name (RFC 6186)
//     - host: name            required
//       protocol: smtp|imap|pop3   required
//       security: tls|starttls     default: starttls on ports 25, 110, 143 and 587, else tls
//       port: N                    default: that of the protocol and security
//   private: report|allow     report (default): hosts with private addresses are not connected to
struct TlsCertSettings {
  bool mx = true;
  std::vector<TlsEndpoint> endpoints;  // at most 16
  bool allow_private = false;
};

TlsCertSettings ReadTlsCertSettings(const CheckSpec& spec, Mistakes& mistakes);

}  // namespace postwatch
