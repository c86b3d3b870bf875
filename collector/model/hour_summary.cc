#include "collector/model/hour_summary.h"

#include <algorithm>
#include <cmath>
#include <tuple>

namespace postwatch::collector {
namespace {

constexpr double kBucketsPerDoubling = 4;
constexpr int kLastBucket = 128;  // above an hour; bucket 0 is a microsecond
constexpr absl::Duration kOldestRun = absl::Hours(24 * 7);

int BucketOf(absl::Duration took) {
  const double micros = absl::ToDoubleMicroseconds(took);
  if (micros <= 1) return 0;
  const double bucket = std::ceil(std::log2(micros) * kBucketsPerDoubling);
  return static_cast<int>(std::min<double>(bucket, kLastBucket));
}

// In the middle of the bucket, as its width is a share of its place.
absl::Duration MiddleOf(int bucket) {
  return absl::Microseconds(std::exp2((bucket - 0.5) / kBucketsPerDoubling));
}

}  // namespace

void HourSummary::Add(const Observation& observation) {
  HourSummary one;
  switch (observation.outcome) {
    case Outcome::kPass:
      one.passed = 1;
      break;
    case Outcome::kFail:
      one.failed = 1;
      break;
    case Outcome::kNotTested:
      one.not_tested = 1;
      break;
  }
  if (observation.outcome == Outcome::kFail && observation.failure.has_value()) {
    one.classes[std::string(FailureClassName(observation.failure->klass))] = 1;
  }
  if (one.timed() > 0) {
    one.total = one.shortest = one.longest = std::max(observation.took, absl::ZeroDuration());
    one.durations[BucketOf(observation.took)] = 1;
  }
  Merge(one);
}

void HourSummary::Merge(const HourSummary& other) {
  if (other.timed() > 0) {
    shortest = timed() > 0 ? std::min(shortest, other.shortest) : other.shortest;
    longest = std::max(longest, other.longest);
  }
  passed += other.passed;
  failed += other.failed;
  not_tested += other.not_tested;
  total += other.total;
  for (const auto& [name, runs] : other.classes) classes[name] += runs;
  for (const auto& [bucket, runs] : other.durations) durations[bucket] += runs;
}

absl::Duration HourSummary::Mean() const {
  return timed() > 0 ? total / timed() : absl::ZeroDuration();
}

absl::Duration HourSummary::Quantile(double share) const {
  const double wanted = share * static_cast<double>(timed());
  int64_t seen = 0;
  for (const auto& [bucket, runs] : durations) {
    seen += runs;
    if (static_cast<double>(seen) >= wanted) {
      return std::clamp(MiddleOf(bucket), shortest, longest);
    }
  }
  return longest;
}

bool HourKey::operator<(const HourKey& other) const {
  return std::tie(hour, target, check_id, agent) <
         std::tie(other.hour, other.target, other.check_id, other.agent);
}

absl::Time StartOfHour(absl::Time time) {
  const absl::TimeZone utc = absl::UTCTimeZone();
  return absl::FromCivil(absl::ToCivilHour(time, utc), utc);
}

absl::Time HourOf(const Sighting& sighting) {
  const absl::Time started = sighting.observation.started;
  const bool possible = started <= sighting.received && started > sighting.received - kOldestRun;
  return StartOfHour(possible ? started : sighting.received);
}

void AddTo(HourSummaries& summaries, const Sighting& sighting) {
  const Observation& observation = sighting.observation;
  if (!observation.amends.empty()) return;
  summaries[{HourOf(sighting), observation.target, observation.check_id, sighting.vantage.agent}]
      .Add(observation);
}

}  // namespace postwatch::collector
