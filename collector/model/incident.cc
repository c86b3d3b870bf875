#include "collector/model/incident.h"

namespace postwatch::collector {

std::string_view IncidentStateName(IncidentState state) {
  return state == IncidentState::kOpen ? "open" : "resolved";
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
