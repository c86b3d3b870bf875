// AssignmentFile: the last list of checks on disk, for an agent that starts while the collector is
// away.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "postwatch/v1/uplink.pb.h"

namespace postwatch::agent {

// Replaces the file as a whole or not at all.
absl::Status SaveAssignment(const std::string& path, const v1::Assignment& assignment);

// NotFound when there is none yet; DataLoss when it cannot be read.
absl::StatusOr<v1::Assignment> LoadAssignment(const std::string& path);

}  // namespace postwatch::agent
