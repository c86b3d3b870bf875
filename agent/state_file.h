// StateFile: a message on the agent's disk, replaced as a whole or not at all.
#pragma once

#include <google/protobuf/message_lite.h>

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace postwatch::agent {

// `what` names it in errors: "assignment". Only the agent's user can read the file.
absl::Status SaveMessage(std::string_view what, const std::string& path,
                         const google::protobuf::MessageLite& message);

// NotFound when there is none; DataLoss when it cannot be read.
absl::Status LoadMessage(std::string_view what, const std::string& path,
                         google::protobuf::MessageLite& message);

}  // namespace postwatch::agent
