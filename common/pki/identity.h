// Identity: who a Postwatch process is, as its certificate says.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace postwatch {

enum class PeerRole { kAgent, kCollector };

// A collector has neither region nor name.
struct PeerIdentity {
  PeerRole role = PeerRole::kAgent;
  std::string region;
  std::string name;

  bool operator==(const PeerIdentity&) const = default;
};

// An identity and the certificate's life.
struct IdentityCertificate {
  PeerIdentity identity;
  absl::Time not_before;
  absl::Time not_after;
  std::string serial;  // lower-case hex
  // When the holder was last vouched for by whoever keeps the authority's key: by a certificate
  // issued to it, or by a join token. Renewals keep it, so that revoking an agent reaches whatever
  // its key has renewed. Of another maker's certificate: when it began to be valid. To the second.
  absl::Time enrolled;
};

// "spiffe://postwatch/agent/<region>/<name>" or "spiffe://postwatch/collector". InvalidArgument for
// a region or name that IsName refuses, or that is a "." or ".." segment.
absl::StatusOr<std::string> IdentityUri(const PeerIdentity& identity);

// The reverse; InvalidArgument for anything else than exactly what IdentityUri makes.
absl::StatusOr<PeerIdentity> ParseIdentityUri(std::string_view uri);

// Reads the first certificate of a PEM text. InvalidArgument unless its subjectAltName holds
// exactly one URI and that is an identity; the subject is never looked at. Does not verify the
// certificate: whoever accepted the connection did.
absl::StatusOr<IdentityCertificate> ParseIdentityCertificate(std::string_view pem);

}  // namespace postwatch
