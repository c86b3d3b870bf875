#include "collector/ingest/rate_limit.h"

#include <algorithm>

namespace postwatch::collector {
namespace {

constexpr size_t kMaxKeys = 1024;
constexpr size_t kMaxTriers = 4096;
constexpr char kAllOthers[] = "";
constexpr absl::Duration kLineEvery = absl::Seconds(1);

}  // namespace

absl::Duration TokenBucket::Take(double units, absl::Duration now) {
  double earned = std::max(0.0, absl::ToDoubleSeconds(now - last_)) * per_second_;
  tokens_ = std::min(per_second_, tokens_ + earned) - units;
  last_ = std::max(last_, now);
  return tokens_ >= 0 ? absl::ZeroDuration() : absl::Seconds(-tokens_ / per_second_);
}

bool AttemptLimiter::Allow(const std::string& key, absl::Duration now) {
  if (paid_.size() >= kMaxTriers && !paid_.contains(key)) {
    absl::erase_if(paid_, [now](const auto& entry) { return entry.second <= now; });
  }
  const bool full = paid_.size() >= kMaxTriers && !paid_.contains(key);
  absl::Duration& paid = paid_.emplace(full ? kAllOthers : key, now).first->second;
  paid = std::max(paid, now);
  if (paid - now > ahead_) return false;
  paid += every_;
  return true;
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
