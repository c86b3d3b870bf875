// Evidence: what each agent saw of each check lately, in event time, bounded.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "collector/correlate/signature.h"
#include "collector/model/fleet.h"
#include "collector/model/sighting.h"
#include "common/model/component.h"

namespace postwatch::collector {

using ComponentId = uint32_t;

// Gives components small numbers; a number stands for the same component until the table is
// rebuilt.
class ComponentTable {
 public:
  ComponentId Intern(const ComponentRef& component);
  const ComponentRef& Get(ComponentId id) const { return entries_[id].ref; }
  Kind KindOf(ComponentId id) const { return entries_[id].kind; }
  size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    ComponentRef ref;
    Kind kind;
  };
  std::vector<Entry> entries_;
  std::map<ComponentRef, ComponentId> ids_;
};

// One run. Times are the collector's clock: the agent's own, corrected by the smallest delay seen
// of it, so that a constant skew of its clock does not matter.
struct Record {
  std::string id;
  absl::Time began, ended;
  absl::Time received;
  Outcome outcome = Outcome::kPass;  // kNotTested: withdrawn by an amendment
  FailureClass klass = FailureClass::kUnspecified;
  Family family = Family::kNone;
  std::string step, reply;
  bool confirmation = false;         // asked for by us
  std::vector<ComponentId> crossed;  // sorted

  bool Crosses(ComponentId component) const;
};

struct CellKey {
  std::string agent, check_id;
  auto operator<=>(const CellKey&) const = default;
};

// One check as one agent sees it.
struct Cell {
  CellKey key;
  std::string target, provider;
  Leg leg = Leg::kControl;
  absl::Duration interval;
  std::vector<Record> records;  // by ended, then id

  // The newest record that was not withdrawn, or null.
  const Record* Latest() const;
  // Whether a record of this age still speaks about now.
  bool IsFresh(const Record& record, absl::Time now) const;
};

class Evidence {
 public:
  explicit Evidence(absl::Duration window);

  // Checks that are gone are forgotten. Until the first call every check is taken.
  void SetPlan(const FleetPlan& plan);

  enum class Filed { kIgnored, kPass, kFailure, kAmended };
  // Duplicates, runs that tested nothing, and runs older than the window are ignored. An amendment
  // corrects the record it names and adds none.
  Filed File(const Sighting& sighting, absl::Time now);

  // Forgets what one agent saw.
  void Forget(const std::string& agent);
  // Forgets what is older than the window.
  void Expire(absl::Time now);

  const std::map<CellKey, Cell>& cells() const { return cells_; }
  const Cell* Find(const CellKey& key) const;
  const ComponentTable& components() const { return components_; }
  bool has_control_checks() const { return has_control_; }

  // Counts a run towards how often this agent fails for no known reason.
  void CountNoise(const std::string& agent, bool failed);
  // That rate, between 0.3 % and 5 %.
  double NoiseOf(const std::string& agent) const;

  // The agent was heard of long enough for the delay of its reports to be known.
  bool IsClockSettled(const std::string& agent, absl::Time now) const;

 private:
  // The least delay of the current and the previous period, so that a step of the agent's clock is
  // forgotten after two of them.
  struct AgentClock {
    absl::Time first_filed;
    absl::Time period_start;
    absl::Duration least, previous;
    absl::Duration offset;  // in force: added to the agent's times
  };

  struct Noise {
    double runs = 0, failures = 0;
  };

  absl::Duration CorrectionFor(const Sighting& sighting, absl::Time now);
  void Shift(const std::string& agent, absl::Duration by);
  Filed Amend(const Sighting& sighting);
  absl::Duration HorizonOf(const Cell& cell) const;
  Cell* CellFor(const Sighting& sighting);
  void RebuildComponents();

  absl::Duration window_;
  bool has_plan_ = false;
  bool has_control_ = false;
  std::map<std::string, CheckSpec> plan_;
  std::map<CellKey, Cell> cells_;
  std::map<std::string, AgentClock> clocks_;
  std::map<std::string, Noise> noise_;
  ComponentTable components_;
};

}  // namespace postwatch::collector
