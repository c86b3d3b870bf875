// ProbeToken: the signed mark by which we know our own messages again.
#pragma once

#include <optional>
#include <string>
#include <string_view>

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

// What a text holds of tokens; at most 20 words of a token's form are tried.
struct TokenSearch {
  std::optional<ProbeToken> token;  // the first that verifies
  bool unverified = false;          // none does, and one has a token's form: forged, or another
                                    // fleet's
};
TokenSearch SearchToken(std::string_view text, const Secret& fleet_key);

}  // namespace postwatch
