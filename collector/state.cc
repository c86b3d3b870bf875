#include "collector/state.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace postwatch::collector {
namespace {

constexpr int kMaxRecent = 100000;
constexpr int kMaxIncidents = 1000;
constexpr int kMaxPending = 10000;
constexpr int kMaxEarlierOfCheck = 64;
constexpr size_t kMaxEarlier = 50000;

// What each agent said last, of the checks whose word is fresh for longer than the window.
absl::Status ReadEarlier(Store& store, const FleetPlan& plan, absl::Time now, absl::Duration window,
                         std::vector<Sighting>& earlier) {
  for (const CheckSpec& check : plan.checks) {
    const absl::Duration fresh = FreshFor(check);
    if (fresh <= window || check.leg == Leg::kControl) continue;
    if (earlier.size() >= kMaxEarlier) break;
    auto seen = store.Observations({.check_id = check.id,
                                    .from = now - fresh,
                                    .to = now - window,
                                    .newest_first = true,
                                    .limit = kMaxEarlierOfCheck});
    if (!seen.ok()) return seen.status();
    std::set<std::string> agents;
    for (Sighting& sighting : *seen) {
      if (!agents.insert(sighting.vantage.agent).second) continue;
      sighting.wire.clear();
      sighting.observation.evidence = {};
      earlier.push_back(std::move(sighting));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<SavedState> ReadState(Store& store, absl::Time now, absl::Duration window,
                                     const FleetPlan& plan) {
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

  absl::Status earlier = ReadEarlier(store, plan, now, window, state.engine.earlier);
  if (!earlier.ok()) return earlier;

  auto pending = store.PendingDeliveries(kMaxPending);
  if (!pending.ok()) return pending.status();
  state.pending = *std::move(pending);
  return state;
}

}  // namespace postwatch::collector
