// Owed: what one agent is to be told next, the newest of each kind.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "collector/ingest/assignment.h"
#include "common/model/fleet_share.h"
#include "postwatch/v1/uplink.pb.h"

namespace postwatch::collector {

// Not thread-safe.
class Owed {
 public:
  void Share(FleetShare share) { share_ = share; }
  void Assignment() { assignment_ = true; }
  void Acknowledgement(uint64_t sequence) { acknowledged_ = sequence; }
  // Everything up to this number was thought through, and is not stored for want of room.
  void Unstored(uint64_t sequence) { unstored_ = sequence; }

  // What goes out now: nothing twice, and no assignment that is the same as the last. `assignment`
  // is the one in force, `probe_kinds` what the agent can run.
  std::optional<v1::CollectorMessage> Next(const collector::Assignment& assignment,
                                           const std::vector<std::string>& probe_kinds);

 private:
  FleetShare share_;
  FleetShare sent_share_;  // the only one, until told
  bool assignment_ = false;
  uint64_t sent_version_ = 0;
  std::optional<uint64_t> acknowledged_;
  std::optional<uint64_t> unstored_;
};

}  // namespace postwatch::collector
