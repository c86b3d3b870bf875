// Agent orders: what the collector tells an agent, as messages.
#pragma once

#include "collector/ingest/ingest.h"
#include "common/model/fleet_share.h"
#include "postwatch/v1/uplink.pb.h"

namespace postwatch::collector {

v1::CollectorMessage MakeWelcome(const std::string& version, uint64_t acknowledged);
v1::CollectorMessage MakeAcknowledgement(uint64_t sequence);
v1::CollectorMessage MakeUnstored(uint64_t sequence);
v1::CollectorMessage MakeDrain(absl::Duration reconnect_after);
// Of more checks than 64 the first 64.
v1::CollectorMessage MakeRunNow(const RunRequest& request);
v1::CollectorMessage MakeShare(FleetShare share);

}  // namespace postwatch::collector
