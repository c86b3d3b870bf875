// Hello: who an agent says it is, held against its certificate.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "collector/ingest/ingest.h"
#include "common/pki/identity.h"
#include "postwatch/v1/uplink.pb.h"

namespace postwatch::collector {

// Unauthenticated unless the certificate's identity is an agent's, and the Hello claims that agent
// and its region; FailedPrecondition for a version of the protocol that is too far from ours;
// InvalidArgument for a Hello out of bounds. All name what is wrong.
absl::Status CheckHello(const v1::Hello& hello, const PeerIdentity& identity);

// What a checked Hello says, heard now over a connection whose certificate ends then.
AgentRecord ReadHello(const v1::Hello& hello, absl::Time certificate_ends, absl::Time now);

// Too many or too long problems are cut; an absent or impossible agent_time reads as our own.
HeartbeatFacts ReadHeartbeat(const v1::Heartbeat& heartbeat, absl::Time now);

}  // namespace postwatch::collector
