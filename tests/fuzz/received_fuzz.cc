// Fuzzes the Received chain: bounded, no negative delay, and a date written back reads the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "common/mail/received.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view headers(reinterpret_cast<const char*>(data), size);
  const postwatch::ReceivedChain chain = postwatch::ReadReceivedChain(headers);
  if (chain.hops.size() > 100 || chain.hops.size() > chain.count) std::abort();
  const auto delays = postwatch::HopDelays(chain, absl::FromUnixSeconds(1763856000));
  if (delays.size() > chain.hops.size()) std::abort();
  for (const postwatch::HopDelay& hop : delays) {
    if (hop.delay < absl::ZeroDuration()) std::abort();
  }
  const std::optional<absl::Time> date = postwatch::ReadMailDate(headers);
  if (!date.has_value() || *date < absl::UnixEpoch()) return 0;
  const std::string text = absl::FormatTime("%d %b %Y %H:%M:%S +0000", *date, absl::UTCTimeZone());
  if (postwatch::ReadMailDate(text) != date) std::abort();
  return 0;
}
