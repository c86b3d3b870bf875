#include "collector/ingest/rate_limit.h"

#include <algorithm>

namespace postwatch::collector {
namespace {

constexpr size_t kMaxKeys = 1024;
constexpr absl::Duration kLineEvery = absl::Seconds(1);

}  // namespace

absl::Duration TokenBucket::Take(double units, absl::Duration now) {
  double earned = std::max(0.0, absl::ToDoubleSeconds(now - last_)) * per_second_;
  tokens_ = std::min(per_second_, tokens_ + earned) - units;
  last_ = std::max(last_, now);
  return tokens_ >= 0 ? absl::ZeroDuration() : absl::Seconds(-tokens_ / per_second_);
}

bool LogLimiter::Allow(const std::string& key, absl::Duration now) {
  auto found = last_.find(key);
  if (found != last_.end()) {
    if (now - found->second < kLineEvery) return false;
    found->second = now;
    return true;
  }
  if (last_.size() >= kMaxKeys) {
    absl::erase_if(last_, [now](const auto& entry) { return now - entry.second >= kLineEvery; });
    if (last_.size() >= kMaxKeys) return false;
  }
  last_.emplace(key, now);
  return true;
}

}  // namespace postwatch::collector
