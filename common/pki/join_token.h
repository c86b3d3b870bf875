// JoinToken: lets one agent that has no certificate yet ask for its first one.
//
// pw1.PAYLOAD.SIGNATURE, both base64url without padding (RFC 4648 section 5). The payload is the
// text REGION/NAME/ID/MADE/EXPIRES: the agent's identity, 32 hex digits at random, and two times in
// seconds since 1970. The signature is ECDSA with SHA-256 by the authority's key, in DER, over
// "pw1." and the payload as it stands there. So it is made offline, and whoever has the authority's
// certificate can read and verify it; that it is used only once is the collector's to see to.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/pki/ca.h"
#include "common/pki/identity.h"

namespace postwatch {

inline constexpr size_t kMaxJoinTokenBytes = 512;
inline constexpr absl::Duration kMaxJoinTokenLifetime = absl::Hours(24 * 7);

struct JoinToken {
  PeerIdentity identity;  // always an agent's
  std::string id;         // 32 lower-case hex digits
  absl::Time made;        // by the clock of whoever keeps the authority's key; to the second
  absl::Time expires;

  bool operator==(const JoinToken&) const = default;
};

// InvalidArgument for an identity that no agent can have, a lifetime below a second or beyond
// kMaxJoinTokenLifetime, and an authority whose key is not its certificate's.
absl::StatusOr<std::string> MakeJoinToken(const IssuedCertificate& authority,
                                          const PeerIdentity& identity, absl::Time now,
                                          absl::Duration lifetime);

// What a token says, believed by nobody yet. InvalidArgument when it is not exactly what
// MakeJoinToken makes.
absl::StatusOr<JoinToken> ReadJoinToken(std::string_view text);

// The same, and its signature is that of one of `authorities` (PEM) whose certificate has not
// ended, and it has not expired. InvalidArgument as above; Unauthenticated for the rest, saying
// which. A signature can be written in more than one way: a token is told from others by its id,
// never by its text.
absl::StatusOr<JoinToken> VerifyJoinToken(std::string_view text, std::string_view authorities,
                                          absl::Time now);

}  // namespace postwatch
