#include "collector/state.h"

#include <algorithm>

namespace postwatch::collector {
namespace {

constexpr int kMaxRecent = 100000;
constexpr int kMaxIncidents = 1000;
constexpr int kMaxPending = 10000;

}  // namespace

absl::StatusOr<SavedState> ReadState(Store& store, absl::Time now, absl::Duration window) {
  SavedState state;
  auto open = store.Incidents({.open_only = true, .limit = kMaxIncidents});
  if (!open.ok()) return open.status();
  state.engine.open = *std::move(open);

  auto all = store.Incidents({.open_only = false, .limit = kMaxIncidents});
  if (!all.ok()) return all.status();
  for (Incident& incident : *all) {
    if (incident.state == IncidentState::kResolved && incident.updated > now - window) {
      state.engine.recently_resolved.push_back(std::move(incident));
    }
  }

  auto alerts = store.LastAlerts();
  if (!alerts.ok()) return alerts.status();
  state.engine.last_alerts = *std::move(alerts);

  auto agents = store.Agents();
  if (!agents.ok()) return agents.status();
  state.engine.agents = *std::move(agents);

  // When there are more than can be thought through, the newest count.
  auto recent =
      store.Observations({.from = now - window, .newest_first = true, .limit = kMaxRecent});
  if (!recent.ok()) return recent.status();
  state.engine.recent = *std::move(recent);
  std::ranges::reverse(state.engine.recent);

  auto pending = store.PendingDeliveries(kMaxPending);
  if (!pending.ok()) return pending.status();
  state.pending = *std::move(pending);
  return state;
}

}  // namespace postwatch::collector
