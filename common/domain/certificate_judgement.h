// CertificateJudgement: how near a certificate is to its end, and how to say what it is.
#pragma once

#include <string>

#include "absl/time/time.h"
#include "common/net/tls.h"

namespace postwatch {

struct CertificateAge {
  absl::Duration left;    // negative once it is over
  int percent_left = 0;   // of its whole lifetime, 0 to 100
  bool expiring = false;  // should have been renewed by now
};

// Renewal is due by the lifetime, since lifetimes shrink: certificates of up to 45 days when a
// quarter of that is left, longer ones when a third is left but not before 30 days, and in any case
// 14 days before the end. One that is over is expiring too.
CertificateAge AgeOf(const CertificateFacts& certificate, absl::Time now);

// "12 days", "5 hours"; "over for 3 days".
std::string LeftText(absl::Duration left);

// "CN=mx1.alpha.test by CN=Example CA, for mx1.alpha.test, 2048 bits, until 2026-12-01".
std::string CertificateText(const CertificateFacts& certificate);

// The certificate at `depth` of the chain that is not valid at `now`: "that is CN=Example CA, valid
// until 2026-01-01"; "" when the one served there is.
std::string InvalidText(const TlsFacts& facts, absl::Time now);

// What is wrong where the certificate served demands an OCSP response beside it (RFC 7633) and none
// came; "" when nothing is.
std::string MissingStapleText(const TlsFacts& facts);

}  // namespace postwatch
