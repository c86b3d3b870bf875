// Agent: the composition root of postwatch-agent: what there is, and who talks to whom.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "agent/config.h"
#include "agent/handover.h"

namespace postwatch::agent {

struct AgentOptions {
  std::string config_file;  // read again on reload
  std::string version;
  // Called from the event loop once a second with why the agent is not ready, a line a reason;
  // empty when it is. May be empty.
  std::function<void(std::string_view reasons)> on_pulse;
  const Successor* successor = nullptr;  // whom to hand over to; outlives the agent
};

enum class AgentEnd { kStopped, kHandsOver };

// One event-loop thread, the caller of Run, does everything but gRPC's own work.
//
//   Scheduler --observations--> Spool --batches--> CollectorLink --> collector
//       ^----- assignments, run-now requests ----------'
class Agent {
 public:
  // Opens the state directory, which no other process may have open, and everything else the
  // configuration names, and listens for HTTP; nothing is probed yet. Errors say what to do.
  static absl::StatusOr<std::unique_ptr<Agent>> Make(AgentOptions options, AgentConfig config);
  virtual ~Agent() = default;

  // Works until SIGTERM, SIGINT or Stop: lets runs end, hands over what the collector takes within
  // a few seconds, and returns; the rest waits in the spool. SIGHUP reloads. A second signal ends
  // it at once. An agent on the same state directory goes on in the schedule where this one ended.
  //
  // On SIGUSR2 it makes way for its successor, when that can read the configuration and nothing
  // would be lost: lets runs that take long end while quick checks go on, for at most 30 s, then
  // the others, keeps everything on disk and returns kHandsOver. Else it says why and goes on.
  virtual AgentEnd Run() = 0;

  // From any thread.
  virtual void Stop() = 0;

  // Where HTTP is served, "" when it is not.
  virtual std::string web_address() const = 0;
};

}  // namespace postwatch::agent
