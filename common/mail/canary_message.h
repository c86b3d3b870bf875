// CanaryMessage: one message that stays in a mailbox, so that a damaged store is noticed.
#pragma once

#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "common/base/secret.h"
#include "common/mail/letter_check.h"

namespace postwatch {

// What the canary of a check is known by: "canary-<32 hex digits>", the same for all agents of a
// fleet. It is no probe token: whoever deletes letters leaves it alone.
std::string CanaryMark(std::string_view check_id, const Secret& fleet_key);

// The whole message, CRLF lines, 7-bit.
std::string ComposeCanary(std::string_view mark, std::string_view address,
                          std::string_view message_id_domain, absl::Time now);

// The header fields by which a canary is found, for FETCH.
inline constexpr std::string_view kCanaryFields =
    "BODY.PEEK[HEADER.FIELDS (MESSAGE-ID X-STORE-CANARY DATE)]";

// Whether a header block is that of the canary with this mark.
bool HasCanaryMark(std::string_view headers, std::string_view mark);

// What became of the canary's text; servers that write messages anew change line ends and headers.
Integrity CheckCanary(std::string_view message, std::string_view mark);

}  // namespace postwatch
