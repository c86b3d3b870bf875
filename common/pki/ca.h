// Ca: a small certificate authority for the mutual TLS between agents and collector.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/secret.h"
#include "common/pki/identity.h"

namespace postwatch {

// A certificate and its key, both as PEM (the key as unencrypted PKCS #8, P-256).
struct IssuedCertificate {
  std::string certificate;
  Secret key;
};

// A self-signed authority that may sign identities but no further authority. Valid from five
// minutes before `now`, for clocks that go slow. `name` is shown to people only; IsName must take
// it.
absl::StatusOr<IssuedCertificate> MakeAuthority(std::string_view name, absl::Time now,
                                                absl::Duration lifetime);

struct IdentityRequest {
  PeerIdentity identity;
  std::vector<std::string> dns_names;  // of the collector: where agents dial it
  std::vector<std::string> ips;
  absl::Duration lifetime = absl::Hours(24 * 365);
};

// A new key and a certificate for it: client authentication for an agent, server authentication for
// a collector. InvalidArgument for a bad identity, name, address or lifetime, for an authority
// whose key is not its certificate's, and for a lifetime beyond the authority's own.
absl::StatusOr<IssuedCertificate> IssueIdentity(const IssuedCertificate& authority,
                                                const IdentityRequest& request, absl::Time now);

}  // namespace postwatch
