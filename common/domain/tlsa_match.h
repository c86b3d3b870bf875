// TLSA match: whether the certificate a mail server serves is one its DNS records name (RFC 6698 as
// narrowed for SMTP by RFC 7672 section 3).
#pragma once

#include <span>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/dns/message.h"
#include "common/net/tls.h"

namespace postwatch {

// "3 1 1 0123...": numbers and data in hex, cut after 32 bytes.
std::string TlsaText(const TlsaRecord& record);

// Whether senders can use the record: usage 2 or 3 (0 and 1 mean nothing in SMTP, RFC 7672 section
// 3.1.3), a known selector and matching type, and data of the right length.
bool IsUsableTlsa(const TlsaRecord& record);

// The SHA-256 of the leaf's public key, which "3 1 1" records hold; lower-case hex, "" for none.
std::string KeyFingerprint(const CertificateFacts& certificate);

struct TlsaVerdict {
  bool matches = false;
  std::string why;  // the record that matched as TlsaText, or what each usable one lacks
  std::vector<std::string> others;  // the usable ones that did not match, at most 8
};

// `chain` as served, leaf first. Usage 3 takes the leaf as it is: neither its names nor its dates
// matter (RFC 7672 section 3.1.1). Usage 2 takes an authority to which the leaf chains at `now`, in
// the chain or, where the record holds a whole certificate or key, beside it (RFC 7671 section
// 5.2.2), and one of `names` must be the leaf's (RFC 7672 section 3.2.2). Records that are not
// usable are passed over.
TlsaVerdict MatchTlsa(std::span<const TlsaRecord> records, std::span<const CertificateFacts> chain,
                      std::span<const std::string> names, absl::Time now);

}  // namespace postwatch
