// CertificateLife: from when until when a certificate is valid.
#pragma once

#include <string_view>
#include <vector>

#include "absl/time/time.h"

namespace postwatch {

struct CertificateLife {
  absl::Time not_before = absl::InfiniteFuture();
  absl::Time not_after = absl::InfinitePast();

  bool operator==(const CertificateLife&) const = default;
};

// Of each certificate of a PEM text, in order (as AuthorityHashes), at most 1000; one whose dates
// cannot be read is never valid.
std::vector<CertificateLife> CertificateLives(std::string_view pem);

}  // namespace postwatch
