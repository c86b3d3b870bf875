#include "collector/model/incident.h"

#include "absl/strings/str_format.h"
#include "common/base/text.h"

namespace postwatch::collector {

std::string_view IncidentStateName(IncidentState state) {
  return state == IncidentState::kOpen ? "open" : "resolved";
}

std::string MakeIncidentId(const ComponentRef& component, absl::Time opened) {
  uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
  const std::string text = Concat(component.Text(), "@", absl::ToUnixMillis(opened));
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3;
  }
  hash ^= hash >> 32;
  return absl::StrFormat("inc-%012x", hash & 0xffffffffffff);
}

std::string_view ChangeKindName(ChangeKind kind) {
  switch (kind) {
    case ChangeKind::kOpened:
      return "opened";
    case ChangeKind::kUpdated:
      return "updated";
    case ChangeKind::kResolved:
      return "resolved";
  }
  return "updated";
}

}  // namespace postwatch::collector
