// ForgetAgent: takes an agent that is retired out of the fleet.
#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "collector/engine.h"
#include "collector/store/store.h"

namespace postwatch::collector {

struct ForgetAgentDeps {
  Engine* engine;
  // Runs work on the store's thread; not OK when it has too much to do.
  std::function<absl::Status(std::function<void(Store&)>)> on_store;
  std::function<void(std::function<void()>)> on_loop;
};

// Call on the loop; `done` is called there, once. NotFound: there is no such agent.
// FailedPrecondition: it is connected. Otherwise what the store says; the agent is kept then. One
// that connects again afterwards is a new agent.
void ForgetAgent(const ForgetAgentDeps& deps, const std::string& agent,
                 std::function<void(const absl::Status&)> done);

}  // namespace postwatch::collector
