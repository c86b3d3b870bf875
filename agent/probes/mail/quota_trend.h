// QuotaTrend: what one limit of a mailbox was used to lately, and when it will be reached.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"

namespace postwatch::agent {

// Readings of the last 7 days, at most 300; of more, every other one goes.
class QuotaTrend {
 public:
  void Note(absl::Time when, uint64_t used);

  // As one text, and back. What is no such text, or out of order, gives no readings.
  std::string Text() const;
  static QuotaTrend FromText(std::string_view text);

  // How long until `limit` is reached at the rate since the oldest reading. Nothing within an hour
  // of that, for what does not grow, and beyond a year.
  std::optional<absl::Duration> FullIn(uint64_t limit) const;

 private:
  struct Reading {
    absl::Time when;
    uint64_t used;
  };
  std::deque<Reading> readings_;  // oldest first
};

// "3d", "5h", "12m": whole units, rounded down.
std::string ShortDuration(absl::Duration duration);

}  // namespace postwatch::agent
