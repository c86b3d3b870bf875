#include "collector/ingest/agent_orders.h"

#include <algorithm>

#include "common/wire/convert.h"
#include "common/wire/protocol.h"

namespace postwatch::collector {
namespace {

constexpr size_t kMaxRunNowChecks = 64;

}  // namespace

v1::CollectorMessage MakeWelcome(const std::string& version, uint64_t acknowledged) {
  v1::CollectorMessage message;
  message.mutable_welcome()->set_collector_version(version);
  message.mutable_welcome()->set_acknowledged(acknowledged);
  message.mutable_welcome()->set_protocol(kProtocolVersion);
  return message;
}

v1::CollectorMessage MakeAcknowledgement(uint64_t sequence) {
  v1::CollectorMessage message;
  message.mutable_ack()->set_sequence(sequence);
  return message;
}

v1::CollectorMessage MakeUnstored(uint64_t sequence) {
  v1::CollectorMessage message;
  message.mutable_unstored()->set_sequence(sequence);
  return message;
}

v1::CollectorMessage MakeDrain(absl::Duration reconnect_after) {
  v1::CollectorMessage message;
  *message.mutable_drain()->mutable_reconnect_after() = ToProto(reconnect_after);
  return message;
}

v1::CollectorMessage MakeRunNow(const RunRequest& request) {
  v1::CollectorMessage message;
  v1::RunNow& run = *message.mutable_run_now();
  run.set_id(request.id);
  const size_t count = std::min(request.check_ids.size(), kMaxRunNowChecks);
  run.mutable_check_ids()->Assign(request.check_ids.begin(),
                                  request.check_ids.begin() + static_cast<ptrdiff_t>(count));
  return message;
}

v1::CollectorMessage MakeShare(FleetShare share) {
  v1::CollectorMessage message;
  message.mutable_share()->set_agents(static_cast<uint32_t>(share.agents));
  message.mutable_share()->set_position(static_cast<uint32_t>(share.position));
  return message;
}

}  // namespace postwatch::collector
