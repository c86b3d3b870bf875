// DkimKey: the public key that a DKIM selector names (RFC 6376 section 3.6.1, RFC 8301, RFC 8463).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace postwatch {

inline constexpr int kMinDkimRsaBits = 1024;  // RFC 8301 section 3.2

struct DkimKey {
  enum class Algorithm { kRsa, kEd25519 };
  Algorithm algorithm = Algorithm::kRsa;
  bool revoked = false;               // p= is empty
  int bits = 0;                       // of the RSA modulus, 256 of Ed25519; 0 when revoked
  std::vector<std::string> hashes;    // h=; empty: all
  std::vector<std::string> services;  // s=; empty: all
  bool testing = false;               // t=y: verifiers treat the mail as unsigned
  bool strict_domain = false;         // t=s: i= may be no subdomain

  // Whether verifiers may take the key for e-mail.
  bool for_email() const;
  // Why a verifier need not trust what it signs, "" when there is no reason: an RSA key under 1024
  // bits, or no hash but SHA-1.
  std::string weakness() const;
};

// Whether a TXT record can be a key at all; other texts at a selector's name are none of ours.
bool LooksLikeDkimKey(std::string_view text);

// `text` is the whole record. InvalidArgument says what makes the key of no use: no p=, base64 that
// is none, bytes that are no key, an unknown k= or v=. Keys are at most 4 KiB.
absl::StatusOr<DkimKey> ParseDkimKey(std::string_view text);

}  // namespace postwatch
