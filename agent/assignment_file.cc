#include "agent/assignment_file.h"

#include "agent/state_file.h"

namespace postwatch::agent {
namespace {

constexpr std::string_view kWhat = "assignment";

}  // namespace

absl::Status SaveAssignment(const std::string& path, const v1::Assignment& assignment) {
  return SaveMessage(kWhat, path, assignment);
}

absl::StatusOr<v1::Assignment> LoadAssignment(const std::string& path) {
  v1::Assignment assignment;
  if (absl::Status status = LoadMessage(kWhat, path, assignment); !status.ok()) return status;
  return assignment;
}

}  // namespace postwatch::agent
