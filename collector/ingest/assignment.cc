#include "collector/ingest/assignment.h"

#include "common/base/text.h"
#include "common/wire/convert.h"

namespace postwatch::collector {
namespace {

// FNV-1a, 64 bits: versions are compared for equality only, and nobody gains by a collision.
uint64_t Hash(std::string_view bytes) {
  uint64_t hash = 14695981039346656037u;
  for (unsigned char byte : bytes) hash = (hash ^ byte) * 1099511628211u;
  return hash;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const Assignment>> MakeAssignment(std::vector<CheckSpec> checks) {
  if (checks.size() > kMaxAssignedChecks) {
    return absl::InvalidArgumentError(Concat("assign ", checks.size(), " checks: an agent takes ",
                                             kMaxAssignedChecks, " at most; watch fewer targets"));
  }
  auto assignment = std::make_shared<Assignment>();
  for (const CheckSpec& spec : checks) *assignment->message.add_checks() = ToProto(spec);
  // No map fields inside, so the bytes are a function of the content.
  assignment->version = Hash(assignment->message.SerializeAsString());
  assignment->message.set_version(assignment->version);
  for (CheckSpec& spec : checks) {
    std::string id = spec.id;
    if (!assignment->by_id.emplace(id, std::move(spec)).second) {
      return absl::InvalidArgumentError(Concat("assign checks: \"", id, "\" is there twice"));
    }
  }
  return assignment;
}

}  // namespace postwatch::collector
