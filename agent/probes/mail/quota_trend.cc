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

}  // namespace

void QuotaTrend::Note(absl::Time when, uint64_t used) {
  while (!readings_.empty() && when - readings_.front().when > kLongest) readings_.pop_front();
  readings_.push_back({when, used});
  if (readings_.size() <= kMaxReadings) return;
  std::deque<Reading> thinned;
  for (size_t i = 0; i < readings_.size(); i += 2) thinned.push_back(readings_[i]);
  readings_ = std::move(thinned);
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
