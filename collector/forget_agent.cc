#include "collector/forget_agent.h"

#include "common/base/log.h"
#include "common/base/text.h"

namespace postwatch::collector {
namespace {

absl::Status MayBeForgotten(const Engine& engine, const std::string& agent) {
  const AgentRecord* record = engine.keeper().FindAgent(agent);
  if (record == nullptr) return absl::NotFoundError(Concat("there is no agent '", agent, "'"));
  if (record->connected) {
    return absl::FailedPreconditionError(
        Concat("agent '", agent, "' is connected; stop it before it is forgotten"));
  }
  return absl::OkStatus();
}

}  // namespace

void ForgetAgent(const ForgetAgentDeps& deps, const std::string& agent,
                 std::function<void(const absl::Status&)> done) {
  const absl::Status allowed = MayBeForgotten(*deps.engine, agent);
  if (!allowed.ok()) {
    done(allowed);
    return;
  }
  const absl::Status accepted = deps.on_store([deps, agent, done](Store& store) {
    const absl::Status stored = store.ForgetAgent(agent);
    deps.on_loop([deps, agent, done, stored] {
      // It may have connected meanwhile; its record was written again then.
      const absl::Status status = stored.ok() ? MayBeForgotten(*deps.engine, agent) : stored;
      if (status.ok()) {
        deps.engine->ForgetAgent(agent);
        Log(LogLevel::kInfo, "agent forgotten", {{"agent", agent}});
      }
      done(status);
    });
  });
  if (!accepted.ok()) done(accepted);
}

}  // namespace postwatch::collector
