// Link messages: what the agent says of itself on the stream to the collector, and what it takes
// from it.
#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "agent/uplink/collector_link.h"
#include "agent/uplink/spool.h"

namespace postwatch::agent {

v1::AgentMessage MakeHello(const LinkIdentity& identity, const std::string& spool_id);

// At most 32 problems of 512 bytes each; the rest is left out.
v1::AgentMessage MakeHeartbeat(const LinkOwner::Health& health, const Spool& spool, absl::Time now);

// FailedPrecondition when the collector's version of the protocol is too far from ours.
absl::Status CheckWelcome(const v1::Welcome& welcome);

// Whether a stream that ended so should not be opened again within seconds.
bool AsksForPatience(const absl::Status& status);

// Whether it has an id of at most 64 bytes and asks for at most 64 checks.
bool IsInBounds(const v1::RunNow& request);

// Nothing unless there are 1 to 100000 agents and the position is one of theirs.
std::optional<FleetShare> ReadShare(const v1::FleetShare& share);

}  // namespace postwatch::agent
