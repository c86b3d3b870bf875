// History: what reading summaries has in common in all stores.
#pragma once

#include "absl/status/status.h"
#include "collector/store/store.h"

namespace postwatch::collector {

// Observations not counted yet that a query looks at: those of ten minutes, mostly.
inline constexpr int kMaxUncounted = 20000;
// Rows that Prune counts or forgets in one transaction, so that appends wait milliseconds.
inline constexpr int kPruneStep = 2000;

// InvalidArgument when the query names neither target nor check; else the query with its bounds in
// order.
absl::StatusOr<HistoryQuery> Bounded(const HistoryQuery& query);

// Takes away what exceeds the limit, of `limit` + 1 summaries that were read: whole hours.
absl::Status Cut(History& history, const HistoryQuery& query);

// Counts an observation that is in no summary yet, if it is in an hour that is told.
void AddUncounted(History& history, const HistoryQuery& query, const Sighting& sighting);

}  // namespace postwatch::collector
