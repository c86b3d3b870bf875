// Assignment: the checks all agents are to run, ready to be sent and to be looked up.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "common/model/check_spec.h"
#include "postwatch/v1/uplink.pb.h"

namespace postwatch::collector {

inline constexpr size_t kMaxAssignedChecks = 50000;

// Immutable, hence shared between threads without a lock.
struct Assignment {
  uint64_t version = 0;  // a hash of the message's checks; 0 only for the empty default
  std::string revision;  // of the configuration; no part of the message
  v1::Assignment message;
  absl::flat_hash_map<std::string, CheckSpec> by_id;
};

// InvalidArgument for more than kMaxAssignedChecks, or an id that comes twice.
absl::StatusOr<std::shared_ptr<const Assignment>> MakeAssignment(std::vector<CheckSpec> checks,
                                                                 std::string revision = "");

// The message for an agent that can run these kinds: checks of other kinds are left out, and then
// its version is one of its own. No kinds: it has not said, and gets them all.
v1::Assignment AssignmentFor(const Assignment& all, const std::vector<std::string>& kinds);

}  // namespace postwatch::collector
