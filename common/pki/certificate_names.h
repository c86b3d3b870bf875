// CertificateNames: what a certificate says of itself: names, addresses, dates.
#pragma once

#include <openssl/x509.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace postwatch {

// The subjectAltName (RFC 5280 section 4.2.1.6) as far as we use it.
struct CertificateNames {
  std::vector<std::string> uris;
  std::vector<std::string> dns_names;
  std::vector<std::string> ips;  // as text
};

CertificateNames NamesOf(const X509* certificate);

// InvalidArgument when the date cannot be read.
absl::StatusOr<absl::Time> NotBefore(const X509* certificate);
absl::StatusOr<absl::Time> NotAfter(const X509* certificate);
absl::StatusOr<absl::Time> ToTime(const ASN1_TIME* time);

}  // namespace postwatch
