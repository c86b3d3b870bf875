// Received: the way a letter took, as the servers on it wrote (RFC 5321 section 4.4). Hints, not
// proof: their clocks differ, and a sender may write what it likes into the lower lines.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"

namespace postwatch {

// One Received field.
struct ReceivedHop {
  std::string from;                // the name the sender gave, lower case; "" when not told
  std::string by;                  // who took it, lower case
  std::string with;                // "ESMTPS", upper case
  std::string id;                  // queue id
  std::optional<absl::Time> date;  // nothing when it cannot be read
};

// One field's value. Nothing is refused: what cannot be read stays empty.
ReceivedHop ReadReceived(std::string_view value);

// RFC 5322 section 3.3, with the obsolete zones and two-digit years of section 4.3. Nothing when it
// is malformed.
std::optional<absl::Time> ReadMailDate(std::string_view text);

// How long the letter took to get from the hop before to this one.
struct HopDelay {
  std::string host;      // by, or from when that is not told
  absl::Duration delay;  // never negative
  bool skewed = false;   // this clock was behind the one before: the delay says nothing
};

struct ReceivedChain {
  std::vector<ReceivedHop> hops;  // in the order of travel, first hop first; at most 100
  size_t count = 0;               // Received fields in all, also beyond 100
};

// Of a whole header block.
ReceivedChain ReadReceivedChain(std::string_view headers);

// The delay of each hop with a date, from the hop with a date before it; the first from `sent`.
// Dates are whole seconds.
std::vector<HopDelay> HopDelays(const ReceivedChain& chain, absl::Time sent);

// Whether any hop's `by` or `from` matches the pattern: a host name, or "*.example.com" for every
// name below it.
bool PassedThrough(const ReceivedChain& chain, std::string_view pattern);

}  // namespace postwatch
