#include "common/mail/backoff_hint.h"

#include <algorithm>
#include <array>

#include "common/base/text.h"

namespace postwatch {
namespace {

constexpr int64_t kMaxSeconds = 24 * 60 * 60;
constexpr int64_t kMillisecondsASecond = 1000;
constexpr size_t kMaxDigits = 9;

// What stands before the time.
constexpr auto kLeads = std::to_array<std::string_view>(
    {"suggested backoff time:", "try again in ", "try again after ", "try later in ", "retry in ",
     "retry after ", "retry-after:", "come back in ", "delayed for ", "greylisted for ",
     "please wait ", "wait for "});

struct Unit {
  std::string_view start;
  int64_t milliseconds;
};

// The first that fits; a number alone is seconds.
constexpr auto kUnits =
    std::to_array<Unit>({{"ms", 1}, {"milli", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}});

std::optional<int64_t> ReadTime(std::string_view text) {
  text = text.substr(std::min(text.size(), text.find_first_not_of(' ')));
  const size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  if (digits == 0 || digits > kMaxDigits) return std::nullopt;
  const std::optional<int64_t> number = ParseInteger(text.substr(0, digits));
  if (!number) return std::nullopt;
  text.remove_prefix(digits);
  if (text.starts_with(':')) return std::nullopt;  // a time of day, or hours and minutes
  text = text.substr(std::min(text.size(), text.find_first_not_of(" -")));
  const auto unit = std::ranges::find_if(
      kUnits, [&text](const Unit& known) { return text.starts_with(known.start); });
  const int64_t scale = unit == kUnits.end() ? kMillisecondsASecond : unit->milliseconds;
  const int64_t seconds = (*number * scale + kMillisecondsASecond - 1) / kMillisecondsASecond;
  return std::min(seconds, kMaxSeconds);
}

}  // namespace

std::optional<int64_t> BackoffSeconds(std::string_view reply_text) {
  const std::string text = AsciiLower(reply_text);
  for (const std::string_view lead : kLeads) {
    const size_t at = text.find(lead);
    if (at == text.npos) continue;
    const std::optional<int64_t> time = ReadTime(std::string_view(text).substr(at + lead.size()));
    if (time) return time;
  }
  return std::nullopt;
}

}  // namespace postwatch
