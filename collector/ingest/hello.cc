#include "collector/ingest/hello.h"

#include "common/base/text.h"
#include "common/wire/bounds.h"
#include "common/wire/convert.h"
#include "common/wire/protocol.h"

namespace postwatch::collector {
namespace {

constexpr size_t kMaxPlaceBytes = 128;  // zone, network, resolver
constexpr size_t kMaxVersionBytes = 64;
constexpr size_t kMaxIdBytes = 64;
constexpr int kMaxProbeKinds = 64;
constexpr int kMaxProblems = 32;
constexpr size_t kMaxProblemBytes = 512;
constexpr size_t kMaxShownBytes = 128;

absl::Status CheckBounds(const v1::Hello& hello) {
  Bounds bounds("hello");
  bounds.Length("zone", hello.zone(), 0, kMaxPlaceBytes);
  bounds.Length("network", hello.network(), 0, kMaxPlaceBytes);
  bounds.Length("resolver", hello.resolver(), 0, kMaxPlaceBytes);
  bounds.Length("version", hello.version(), 0, kMaxVersionBytes);
  bounds.Length("boot_id", hello.boot_id(), 1, kMaxIdBytes);
  bounds.Length("spool_id", hello.spool_id(), 1, kMaxIdBytes);
  bounds.Count("probe_kinds", hello.probe_kinds_size(), kMaxProbeKinds);
  for (const std::string& kind : hello.probe_kinds()) {
    bounds.Length("probe_kinds", kind, 1, kMaxKindBytes);
  }
  return bounds.status();
}

}  // namespace

absl::Status CheckHello(const v1::Hello& hello, const PeerIdentity& identity) {
  if (identity.role != PeerRole::kAgent) {
    return absl::UnauthenticatedError("the certificate is not an agent's");
  }
  if (hello.agent() != identity.name || hello.region() != identity.region) {
    return absl::UnauthenticatedError(Concat(
        "the certificate is that of agent ", identity.name, " in ", identity.region, ", not of ",
        Truncate(hello.agent(), kMaxShownBytes), " in ", Truncate(hello.region(), kMaxShownBytes)));
  }
  absl::Status spoken = CheckProtocol("collector", "agent", hello.protocol());
  return spoken.ok() ? CheckBounds(hello) : spoken;
}

AgentRecord ReadHello(const v1::Hello& hello, absl::Time certificate_ends, absl::Time now) {
  AgentRecord agent;
  agent.vantage = {hello.agent(), hello.region(), hello.zone(), hello.network(), hello.resolver()};
  agent.version = hello.version();
  agent.boot_id = hello.boot_id();
  agent.probe_kinds.assign(hello.probe_kinds().begin(), hello.probe_kinds().end());
  agent.certificate_ends = certificate_ends;
  agent.connected = true;
  agent.first_heard = now;
  agent.last_heard = now;
  return agent;
}

HeartbeatFacts ReadHeartbeat(const v1::Heartbeat& heartbeat, absl::Time now) {
  HeartbeatFacts facts;
  facts.received = now;
  if (heartbeat.has_agent_time()) {
    facts.clock_offset = FromProto(heartbeat.agent_time()).value_or(now) - now;
  }
  facts.spooled = heartbeat.spooled();
  facts.dropped = heartbeat.dropped();
  facts.loop_lag = FromProto(heartbeat.loop_lag()).value_or(absl::ZeroDuration());
  facts.assignment_version = heartbeat.assignment_version();
  const int count = std::min(heartbeat.problems_size(), kMaxProblems);
  for (int i = 0; i < count; ++i) {
    facts.problems.emplace_back(Truncate(heartbeat.problems(i), kMaxProblemBytes));
  }
  return facts;
}

}  // namespace postwatch::collector
