// Standby: how a collector comes to act on its store: at once, or when the one that does has ended.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "collector/config.h"
#include "collector/lease_keeper.h"
#include "collector/store/store.h"
#include "common/base/clock.h"

namespace postwatch::collector {

// A store, and the right to act on it.
struct Tenure {
  std::unique_ptr<Store> store;
  std::unique_ptr<LeaseKeeper> lease;  // nobody listens for its loss yet
  bool waited = false;                 // another one acted when we came
};

struct StandbyOptions {
  std::string version;
  std::function<void(std::string_view state)> on_tick;  // as CollectorOptions'
};

// Opens the store and waits until no other collector acts on it. Meanwhile nothing listens for
// agents, so that they, and whatever balances load before us, find the one that acts; over HTTP a
// standby tells how it is itself (/-/healthy, /-/ready, /metrics), and passes all else on to the
// one that acts (Relay). Cancelled when SIGTERM or SIGINT comes first; otherwise the errors of
// OpenSharedStore, and Unavailable when the HTTP address cannot be bound. `clock` must outlive the
// tenure.
absl::StatusOr<Tenure> AwaitTenure(const CollectorConfig& config, const StandbyOptions& options,
                                   const Clock& clock);

}  // namespace postwatch::collector
