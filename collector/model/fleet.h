// Fleet: what the collector knows it has: agents and the checks they run.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/model/check_spec.h"
#include "common/model/vantage.h"

namespace postwatch::collector {

// One agent as the collector last heard of it.
struct AgentRecord {
  Vantage vantage;
  std::string version;
  std::string boot_id;
  bool connected = false;
  absl::Time first_heard;
  absl::Time last_heard;
  absl::Duration clock_offset;  // its wall clock minus ours, as of the last heartbeat
  uint64_t spooled = 0;         // waiting on its disk
  uint64_t dropped = 0;         // lost by its bounded spool
  std::vector<std::string> problems;
  // The kinds of checks that it can run; empty when it has not said. Not stored.
  std::vector<std::string> probe_kinds;
  std::optional<absl::Time> certificate_ends;  // that of its stream. Not stored.
};

// Which checks one agent is to run.
struct FleetPlan {
  std::vector<CheckSpec> checks;  // every agent runs them all
  std::string revision;           // of the configuration they follow from; may be empty
};

}  // namespace postwatch::collector
