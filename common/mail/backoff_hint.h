// Backoff hint: how long a server asks to be left alone, in its own words.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace postwatch {

// Seconds, rounded up, at most a day; nothing when the text asks for no time. Reads "Suggested
// Backoff Time: 5000 milliseconds" (Exchange), "try again in 5 minutes", "retry in 300 seconds",
// "wait 10 min", "Retry-After: 120", "delayed for 300 s" and the like.
std::optional<int64_t> BackoffSeconds(std::string_view reply_text);

}  // namespace postwatch
