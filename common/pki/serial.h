// Serial: serial numbers of certificates, ours also say when their line of renewals began.
#pragma once

#include <openssl/asn1.h>

#include <optional>
#include <string>

#include "absl/time/time.h"

namespace postwatch {

// How long before it was issued a certificate of ours is valid at most, for clocks that go slow.
inline constexpr absl::Duration kBackdate = absl::Minutes(5);

// The same of one that is to live for `lifetime`: a twelfth of it if that is less.
absl::Duration BackdateOf(absl::Duration lifetime);
// The lifetime of one that is valid for `validity` in all.
absl::Duration LifetimeOf(absl::Duration validity);

struct Serial {
  std::string hex;  // lower-case, without leading zeros in pairs
  // What ours say; nothing of a serial number that cannot be ours.
  std::optional<absl::Time> enrolled;
};

// 16 bytes: 0x51, the time of enrolment in seconds since 1970 (5 bytes), and 80 random bits.
// Positive, and of constant length (RFC 5280 section 4.1.2.2 allows 20 bytes). False when there is
// no memory.
bool SetSerial(ASN1_INTEGER* serial, absl::Time enrolled);

// Reads any serial number. One in a hundred of another maker's begins like ours; nearly all of
// these then say a time of the far future (ParseIdentityCertificate tells them by that).
Serial ReadSerial(const ASN1_INTEGER* serial);

// The other way; false when `hex` is no number of 1 to 20 bytes.
bool SetSerialHex(ASN1_INTEGER* serial, const std::string& hex);

}  // namespace postwatch
