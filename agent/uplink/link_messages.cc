#include "agent/uplink/link_messages.h"

#include "common/base/text.h"
#include "common/wire/bounds.h"
#include "common/wire/convert.h"
#include "common/wire/protocol.h"

namespace postwatch::agent {
namespace {

constexpr int kMaxProblems = 32;
constexpr size_t kMaxProblemBytes = 512;
constexpr int kMaxRunNowChecks = 64;
constexpr size_t kMaxRunNowIdBytes = 64;
constexpr uint32_t kMaxFleet = 100'000;

}  // namespace

v1::AgentMessage MakeHello(const LinkIdentity& identity, const std::string& spool_id) {
  v1::AgentMessage message;
  v1::Hello& hello = *message.mutable_hello();
  hello.set_agent(identity.vantage.agent);
  hello.set_region(identity.vantage.region);
  hello.set_zone(identity.vantage.zone);
  hello.set_network(identity.vantage.network);
  hello.set_resolver(identity.vantage.resolver);
  hello.set_version(identity.version);
  hello.set_boot_id(identity.boot_id);
  hello.set_spool_id(spool_id);
  hello.set_protocol(kProtocolVersion);
  for (const std::string& kind : identity.probe_kinds) hello.add_probe_kinds(kind);
  return message;
}

v1::AgentMessage MakeHeartbeat(const LinkOwner::Health& health, const Spool& spool,
                               absl::Time now) {
  v1::AgentMessage message;
  v1::Heartbeat& beat = *message.mutable_heartbeat();
  *beat.mutable_agent_time() = ToProto(now);
  beat.set_spooled(spool.count());
  beat.set_dropped(spool.dropped());
  *beat.mutable_loop_lag() = ToProto(health.loop_lag);
  beat.set_assignment_version(health.assignment_version);
  for (const std::string& problem : health.problems) {
    if (beat.problems_size() == kMaxProblems) break;
    beat.add_problems(ToUtf8(Truncate(problem, kMaxProblemBytes)));
  }
  return message;
}

absl::Status CheckWelcome(const v1::Welcome& welcome) {
  return CheckProtocol("agent", "collector", welcome.protocol());
}

bool AsksForPatience(const absl::Status& status) {
  return absl::IsUnauthenticated(status) || absl::IsPermissionDenied(status) ||
         absl::IsAlreadyExists(status) || absl::IsResourceExhausted(status);
}

bool IsInBounds(const v1::RunNow& request) {
  return request.check_ids_size() <= kMaxRunNowChecks && !request.id().empty() &&
         request.id().size() <= kMaxRunNowIdBytes;
}

std::optional<FleetShare> ReadShare(const v1::FleetShare& share) {
  if (share.agents() < 1 || share.agents() > kMaxFleet || share.position() >= share.agents()) {
    return std::nullopt;
  }
  return FleetShare{static_cast<int>(share.agents()), static_cast<int>(share.position())};
}

}  // namespace postwatch::agent
