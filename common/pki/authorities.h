// Authorities: one PEM text with the certificates of all authorities that are trusted now; more
// than one while the next takes over from the last.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace postwatch {

// "sha256:" and 64 hex digits: SHA-256 of the SubjectPublicKeyInfo (DER, RFC 5280 section 4.1) of
// each certificate, in order: what a newcomer is given to know the authority by. Renewing its
// certificate for the same key does not change it.
std::vector<std::string> AuthorityHashes(std::string_view authorities);

// Whether `text` has the form of one.
bool IsAuthorityHash(std::string_view text);

// Those of the certificates whose hash is among `hashes`, as PEM. Unauthenticated when none is.
absl::StatusOr<std::string> KnownByHash(std::string_view authorities,
                                        const std::vector<std::string>& hashes);

// All certificates of both, each once, those of `first` first; those that have ended by `now` are
// left out. InvalidArgument when nothing remains.
absl::StatusOr<std::string> MergeAuthorities(std::string_view first, std::string_view second,
                                             absl::Time now);

// Whether one of the authorities signed the first certificate of `certificate` (PEM), and both are
// valid at `now`. Unauthenticated when not.
absl::Status CheckIssuedBy(std::string_view certificate, std::string_view authorities,
                           absl::Time now);

}  // namespace postwatch
