#include "collector/store/history.h"

#include <algorithm>

#include "common/base/text.h"

namespace postwatch::collector {
namespace {

constexpr int kMaxSummaries = 10000;

}  // namespace

absl::StatusOr<HistoryQuery> Bounded(const HistoryQuery& query) {
  if (query.target.empty() && query.check_id.empty()) {
    return absl::InvalidArgumentError("read the history: name a target or a check");
  }
  HistoryQuery bounded = query;
  if (bounded.from != absl::InfinitePast()) bounded.from = StartOfHour(bounded.from);
  bounded.limit = std::clamp(bounded.limit, 1, kMaxSummaries);
  return bounded;
}

absl::Status Cut(History& history, const HistoryQuery& query) {
  if (history.hours.size() <= static_cast<size_t>(query.limit)) return absl::OkStatus();
  const absl::Time last = history.hours.rbegin()->first.hour;
  if (last == history.hours.begin()->first.hour) {
    return absl::ResourceExhaustedError(Concat("read the history: one hour has more than ",
                                               query.limit,
                                               " summaries; name a check and an agent"));
  }
  history.hours.erase(history.hours.lower_bound({.hour = last}), history.hours.end());
  history.next = last;
  return absl::OkStatus();
}

void AddUncounted(History& history, const HistoryQuery& query, const Sighting& sighting) {
  const absl::Time hour = HourOf(sighting);
  if (hour < query.from || hour >= std::min(query.to, history.next)) return;
  AddTo(history.hours, sighting);
}

}  // namespace postwatch::collector
