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

// A new private key on P-256, as unencrypted PKCS #8 PEM. Internal when there is no memory.
absl::StatusOr<Secret> MakeKey();

// A certificate and its key, both as PEM (the key as unencrypted PKCS #8, P-256).
struct IssuedCertificate {
  std::string certificate;
  Secret key;
};

// Whether the key is that of the (first) certificate.
bool KeyFits(const IssuedCertificate& issued);

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
  absl::Time enrolled = absl::InfinitePast();  // IdentityCertificate::enrolled; infinite: now
};

// A new key and a certificate for it: client authentication for an agent, server authentication for
// a collector. InvalidArgument for a bad identity, name, address or lifetime, for an authority
// whose key is not its certificate's, and for a lifetime beyond the authority's own.
absl::StatusOr<IssuedCertificate> IssueIdentity(const IssuedCertificate& authority,
                                                const IdentityRequest& request, absl::Time now);

// A certificate, as PEM, for the key of a certificate request (RFC 2986, as DER), of which nothing
// but the key is believed: see ReadCertificateRequest (certificate_request.h), whose errors it has.
// A lifetime beyond the authority's own is cut to that; FailedPrecondition when the authority has
// less than an hour left. Else as IssueIdentity.
absl::StatusOr<std::string> IssueFromRequest(const IssuedCertificate& authority,
                                             std::string_view certificate_request,
                                             IdentityRequest request, absl::Time now);

// What to ask IssueIdentity for to get another certificate like this one (PEM): identity, names,
// addresses and length of life; enrolled now. InvalidArgument when it is no identity.
absl::StatusOr<IdentityRequest> RequestLike(std::string_view certificate);

}  // namespace postwatch
