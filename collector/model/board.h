// Board: what the engine knows now, as plain values; all that people see is read from here.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "collector/model/finding.h"
#include "collector/model/fleet.h"
#include "collector/model/incident.h"

namespace postwatch::collector {

// kUnknown: nothing fresh to say; never shown as healthy.
enum class CellState { kUnknown, kHealthy, kFailing, kMasked };
std::string_view CellStateName(CellState state);  // "unknown", "healthy", "failing", "masked"

// One check of one target as one region sees it.
struct Cell {
  std::string region;
  std::string check_id;
  std::string kind;
  CellState state = CellState::kUnknown;
  std::string failure_class;  // of the latest failure when failing
  std::string detail;    // of it; else why there is nothing to say, or who cannot run the check
  absl::Time last_seen;  // InfinitePast when never
  int agents_healthy = 0;
  int agents_failing = 0;
};

struct TargetRow {
  std::string target;
  std::string provider;
  std::vector<Cell> cells;  // by check, then region
};

// A kind of check that is planned, and the part of mail it looks at.
struct BoardKind {
  std::string kind;
  Leg leg = Leg::kControl;

  bool operator==(const BoardKind&) const = default;
};

struct Board {
  absl::Time at;
  std::vector<BoardKind> kinds;      // in the order to show them: what breaks mail first
  std::vector<std::string> regions;  // sorted
  std::vector<TargetRow> targets;    // sorted by target
  std::vector<AgentRecord> agents;   // sorted by name
  // Kinds of the plan that an agent does not know and is not given, by its name; sorted.
  std::map<std::string, std::vector<std::string>> cannot_run;
  std::vector<Incident> open;  // the newest first
};

// Where readers get it. Called on the event loop.
class BoardSource {
 public:
  virtual ~BoardSource() = default;
  virtual Board Current() const = 0;
  virtual FindingList CurrentFindings() const = 0;
};

}  // namespace postwatch::collector
