// MTA-STS fetch: where a domain's policy stands, and the quiet way to it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "agent/probes/web_fetch.h"
#include "common/domain/mtasts_policy.h"

namespace postwatch::agent {

// Asks for the policy of `domain` (RFC 8461 section 3.3).
WebRequest MtaStsRequest(std::string_view domain, uint16_t port);

// The target's policy as senders have it; nothing where there is none, or none that they can use:
// what is wrong then is the affair of dns.mtasts. Steps `dns` and those of FetchWeb. What was
// touched is taken back.
Task<std::optional<MtaStsPolicy>> FindMtaStsPolicy(const RunContext& context);

}  // namespace postwatch::agent
