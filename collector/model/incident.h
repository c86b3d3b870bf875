// Incident: an interval during which a verdict holds. One identity for its whole life.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "collector/model/verdict.h"

namespace postwatch::collector {

enum class IncidentState { kOpen, kResolved };
std::string_view IncidentStateName(IncidentState state);  // "open", "resolved"

// "inc-" and 12 hex digits: a function of what opened it, the same on every machine.
std::string MakeIncidentId(const ComponentRef& component, absl::Time opened);

// One change of mind, and why.
struct IncidentNote {
  absl::Time at;
  std::string text;

  bool operator==(const IncidentNote&) const = default;
};

struct Incident {
  std::string id;
  IncidentState state = IncidentState::kOpen;
  Verdict verdict;                     // the current one
  bool alerting = false;               // once true, stays true: a person was (or is to be) told
  absl::Time opened;                   // when the decision was made
  absl::Time started;                  // estimated start of the fault
  std::optional<absl::Time> ended;     // estimated end, when resolved
  std::optional<absl::Time> reopened;  // started again, the last time, after it was over
  absl::Time updated;                  // last change
  std::vector<IncidentNote> history;   // oldest first, at most 200
  std::string revision;                // of the configuration in force when it was opened

  bool operator==(const Incident&) const = default;
};

enum class ChangeKind { kOpened, kUpdated, kResolved };
std::string_view ChangeKindName(ChangeKind kind);  // "opened", "updated", "resolved"

// What the correlator says happened; the incident as it is afterwards.
struct IncidentChange {
  ChangeKind kind = ChangeKind::kOpened;
  Incident incident;
};

}  // namespace postwatch::collector
