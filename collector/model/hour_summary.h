// HourSummary: what one agent's runs of one check came to in one hour.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "collector/model/sighting.h"

namespace postwatch::collector {

struct HourSummary {
  int64_t passed = 0, failed = 0, not_tested = 0;
  std::map<std::string, int64_t> classes;  // of the failures, by FailureClassName
  // Of the runs that passed or failed.
  absl::Duration total, shortest, longest;
  std::map<int, int64_t> durations;  // how many fell into each bucket, four to the doubling

  void Add(const Observation& observation);
  void Merge(const HourSummary& other);

  int64_t timed() const { return passed + failed; }
  absl::Duration Mean() const;  // zero when nothing was timed
  // The duration that `share` (0 to 1) of the runs did not exceed, to a tenth of itself.
  absl::Duration Quantile(double share) const;

  bool operator==(const HourSummary&) const = default;
};

struct HourKey {
  absl::Time hour;  // when it begins (UTC)
  std::string target, check_id, agent;

  bool operator==(const HourKey&) const = default;
  bool operator<(const HourKey& other) const;
};

using HourSummaries = std::map<HourKey, HourSummary>;

absl::Time StartOfHour(absl::Time time);

// The hour in which the run began, by the agent's clock; that in which it came in, if the agent's
// clock says something impossible: later than that, or more than a week before.
absl::Time HourOf(const Sighting& sighting);

// Not what amends an earlier observation: it is no run of its own.
void AddTo(HourSummaries& summaries, const Sighting& sighting);

// Summaries in order of their keys.
struct History {
  HourSummaries hours;
  // When not everything fitted: the first hour that is not told. Else InfiniteFuture.
  absl::Time next = absl::InfiniteFuture();
  bool complete = true;  // false: runs that came in lately are not all counted yet
};

}  // namespace postwatch::collector
