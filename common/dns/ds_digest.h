// DS digest: the fingerprint by which a parent zone points at a key of its child.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/dns/message.h"

namespace postwatch {

// Digest of the owner name and the key (RFC 4034 section 5.1.4) by SHA-1 (type 1), SHA-256 (2) or
// SHA-384 (4). Nothing for other types and for a `zone` that is no name.
std::optional<std::string> DsDigest(std::string_view zone, const DnskeyRecord& key,
                                    uint8_t digest_type);

// Whether the parent's record points at this key: tag, algorithm and digest are its own.
bool PointsAt(std::string_view zone, const DsRecord& ds, const DnskeyRecord& key);

}  // namespace postwatch
