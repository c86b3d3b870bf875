#include "collector/ingest/assignment.h"

#include <algorithm>

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

// No map fields inside, so the bytes are a function of the content.
uint64_t SetVersion(v1::Assignment& message) {
  message.clear_version();
  const uint64_t version = Hash(message.SerializeAsString());
  message.set_version(version);
  return version;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const Assignment>> MakeAssignment(std::vector<CheckSpec> checks,
                                                                 std::string revision) {
  if (checks.size() > kMaxAssignedChecks) {
    return absl::InvalidArgumentError(Concat("assign ", checks.size(), " checks: an agent takes ",
                                             kMaxAssignedChecks, " at most; watch fewer targets"));
  }
  auto assignment = std::make_shared<Assignment>();
  assignment->revision = std::move(revision);
  for (const CheckSpec& spec : checks) *assignment->message.add_checks() = ToProto(spec);
  assignment->version = SetVersion(assignment->message);
  for (CheckSpec& spec : checks) {
    std::string id = spec.id;
    if (!assignment->by_id.emplace(id, std::move(spec)).second) {
      return absl::InvalidArgumentError(Concat("assign checks: \"", id, "\" is there twice"));
    }
  }
  return assignment;
}

v1::Assignment AssignmentFor(const Assignment& all, const std::vector<std::string>& kinds) {
  const auto knows = [&kinds](const v1::CheckSpec& check) {
    return kinds.empty() || std::ranges::find(kinds, check.kind()) != kinds.end();
  };
  if (std::ranges::all_of(all.message.checks(), knows)) return all.message;
  v1::Assignment fitting;
  std::ranges::copy_if(all.message.checks(),
                       google::protobuf::RepeatedFieldBackInserter(fitting.mutable_checks()),
                       knows);
  SetVersion(fitting);
  return fitting;
}

}  // namespace postwatch::collector
