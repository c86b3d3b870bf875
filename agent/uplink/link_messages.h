// Link messages: what the agent says of itself on the stream to the collector.
#pragma once

#include <string>

#include "absl/time/time.h"
#include "agent/uplink/collector_link.h"
#include "agent/uplink/spool.h"

namespace postwatch::agent {

v1::AgentMessage MakeHello(const LinkIdentity& identity, const std::string& spool_id);

// At most 32 problems of 512 bytes each; the rest is left out.
v1::AgentMessage MakeHeartbeat(const LinkOwner::Health& health, const Spool& spool, absl::Time now);

}  // namespace postwatch::agent
