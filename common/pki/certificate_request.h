// CertificateRequest: asks for a certificate for a key that stays where it is (PKCS #10, RFC 2986).
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/base/secret.h"
#include "common/pki/openssl_ptr.h"

namespace postwatch {

// The longest that is read; one for a key on P-256 has some 200 bytes.
inline constexpr size_t kMaxCertificateRequestBytes = 4096;

// A request for the key (PEM), as DER. It names nobody: who the certificate is for is said
// elsewhere (a join token, the certificate that is renewed). InvalidArgument when there is no key
// in `key`.
absl::StatusOr<std::string> MakeCertificateRequest(const Secret& key);

// The public key of a request (DER, nothing behind it), and nothing else of it. InvalidArgument
// when it is longer than kMaxCertificateRequestBytes, no request, for another kind of key than one
// on P-256, or when its signature does not show that whoever made it has the key.
absl::StatusOr<KeyPtr> ReadCertificateRequest(std::string_view der);

}  // namespace postwatch
