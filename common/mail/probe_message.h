// ProbeMessage: the letter we send ourselves: a signed token to know it by, a canary to see damage.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/secret.h"

namespace postwatch {

// version.probe_id.route.sent.mac: what marks a message as ours. Only a message whose token
// verifies under the fleet key may ever be deleted.
struct ProbeToken {
  std::string probe_id;  // 32 hex digits
  std::string route;     // IsName
  absl::Time sent;       // to the second

  bool operator==(const ProbeToken&) const = default;
};

// "pw1.<id>.<route>.<unix seconds>.<32 hex of HMAC-SHA-256>" (truncated to 128 bits).
std::string SignToken(const ProbeToken& token, const Secret& fleet_key);

// Nothing if it is not a token of ours or the MAC does not match (compared in constant time).
std::optional<ProbeToken> VerifyToken(std::string_view text, const Secret& fleet_key);

struct ProbeLetter {
  std::string from, to;  // addresses
  ProbeToken token;
  bool eight_bit = false;  // the server offered 8BITMIME; otherwise quoted-printable
};

// The whole message, CRLF lines, headers as mail-domain.md section 2.5 names them (Message-ID,
// X-Probe-Token, Auto-Submitted, ...), the token also on the body's first line.
std::string ComposeProbeMessage(const ProbeLetter& letter, const Secret& fleet_key,
                                std::string_view message_id_domain);

enum class Integrity {
  kExact,      // the canary text came back byte for byte after MIME decoding
  kCanonical,  // only line ends or trailing white space differ
  kRewritten,  // the canary is there whole, with text added around it (footer, banner)
  kCorrupted,  // the canary is damaged or gone
};
std::string_view IntegrityName(Integrity integrity);

struct ReceivedProbe {
  ProbeToken token;
  Integrity integrity = Integrity::kCorrupted;
  bool is_report = false;  // a multipart/report that talks about our token, not the letter itself
};

// Reads a fetched message (at most 1 MiB is looked at). Looks for the token in X-Probe-Token,
// Message-ID and the first body lines, in this order; in a report anywhere. Nothing when it carries
// no token that verifies. Automatic replies and bounces in any form count as reports.
std::optional<ReceivedProbe> ReadProbeMessage(std::string_view message, const Secret& fleet_key);

// The token found in a header block alone (no body), to pick messages cheaply.
std::optional<ProbeToken> FindToken(std::string_view headers, const Secret& fleet_key);

}  // namespace postwatch
