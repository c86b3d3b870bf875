// NetError: what went wrong on a connection, kept apart so that nobody has to parse a message.
#pragma once

#include <optional>
#include <string_view>

#include "absl/status/status.h"

namespace postwatch {

enum class NetError {
  kUnreachable = 1,     // ENETUNREACH, EHOSTUNREACH, no such address family
  kRefused,             // RST in answer to SYN
  kTimeout,             // the peer said nothing within the operation's limit
  kReset,               // RST or EPIPE mid-session
  kClosed,              // EOF where more was due
  kTooLong,             // a line or literal over its limit
  kTlsHandshake,        // the handshake failed; the message carries OpenSSL's reason
  kTlsVersion,          // no protocol version in common
  kTlsUntrusted,        // handshake fine, verification not; the facts are in Stream::tls()
  kPlaintextInjection,  // bytes were waiting in the clear when TLS was to start (CVE-2011-0411)
  kCancelled,           // we gave up: deadline of the whole run, or shutdown
  kOther,
};

// A status that carries the NetError as a payload. `what` says what was attempted and what
// happened.
absl::Status NetStatus(NetError error, std::string_view what);

// The NetError of a status made by NetStatus; nothing for any other.
std::optional<NetError> GetNetError(const absl::Status& status);

}  // namespace postwatch
