#include "agent/probes/mail/quota_trend.h"

#include <algorithm>

#include "common/base/text.h"

namespace postwatch::agent {
namespace {

constexpr size_t kMaxReadings = 300;
constexpr absl::Duration kDay = absl::Hours(24);
constexpr absl::Duration kLongest = absl::Hours(7 * 24);
constexpr absl::Duration kShortest = absl::Hours(1);
constexpr absl::Duration kHorizon = absl::Hours(365 * 24);
constexpr int64_t kLatest = 253402300799;  // the last second of the year 9999

}  // namespace

void QuotaTrend::Note(absl::Time when, uint64_t used) {
  while (!readings_.empty() && when - readings_.front().when > kLongest) readings_.pop_front();
  readings_.push_back({when, used});
  if (readings_.size() <= kMaxReadings) return;
  std::deque<Reading> thinned;
  for (size_t i = 0; i < readings_.size(); i += 2) thinned.push_back(readings_[i]);
  readings_ = std::move(thinned);
}

// "1790000000 100,900 250": Unix seconds, then seconds since the reading before.
std::string QuotaTrend::Text() const {
  std::string text;
  int64_t before = 0;
  for (const Reading& reading : readings_) {
    const int64_t when = absl::ToUnixSeconds(reading.when);
    Append(text, text.empty() ? "" : ",", when - before, " ", reading.used);
    before = when;
  }
  return text;
}

QuotaTrend QuotaTrend::FromText(std::string_view text) {
  QuotaTrend trend;
  int64_t when = 0;
  for (const std::string_view entry : Split(text, ',')) {
    const size_t space = entry.find(' ');
    if (space == entry.npos) return {};
    const std::optional<int64_t> later = ParseInteger(entry.substr(0, space));
    const std::optional<int64_t> used = ParseInteger(entry.substr(space + 1));
    if (!later || *later < 0 || *later > kLatest - when || !used || *used < 0) return {};
    when += *later;
    trend.Note(absl::FromUnixSeconds(when), static_cast<uint64_t>(*used));
  }
  return trend;
}

std::optional<absl::Duration> QuotaTrend::FullIn(uint64_t limit) const {
  if (readings_.size() < 2) return std::nullopt;
  const Reading& first = readings_.front();
  const Reading& last = readings_.back();
  const absl::Duration span = last.when - first.when;
  if (span < kShortest || last.used <= first.used || last.used >= limit) return std::nullopt;
  const double rate = static_cast<double>(last.used - first.used) / absl::ToDoubleSeconds(span);
  const absl::Duration left = absl::Seconds(static_cast<double>(limit - last.used) / rate);
  if (left > kHorizon) return std::nullopt;
  return left;
}

std::string ShortDuration(absl::Duration duration) {
  if (duration >= kDay) return Concat(duration / kDay, "d");
  if (duration >= absl::Hours(1)) return Concat(duration / absl::Hours(1), "h");
  return Concat(std::max<int64_t>(duration / absl::Minutes(1), 0), "m");
}

}  // namespace postwatch::agent
