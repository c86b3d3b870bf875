// BoardKeeper: keeps the board up to date, sighting by sighting.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "collector/finding_keeper.h"
#include "collector/model/board.h"
#include "collector/model/sighting.h"

namespace postwatch::collector {

// The latest word of one agent on one check.
struct AgentView {
  absl::Time seen = absl::InfinitePast();  // when the run ended; never after it was received
  Outcome outcome = Outcome::kNotTested;
  std::string failure_class;
  std::string detail;  // of the failure, or why it was not tested
};

// How long what was said of a check counts: three intervals, and the time a run may take.
absl::Duration FreshFor(const CheckSpec& check);

// What an agent last said of a check, and the agents' states: everything on the board but
// incidents. Bounded by agents x checks of the plan.
class BoardKeeper {
 public:
  using MaskReason = std::function<std::string(const std::string& agent)>;

  void SetPlan(const FleetPlan& plan);

  void Observe(const Sighting& sighting);
  void UpdateAgent(const AgentRecord& agent);
  void ForgetAgent(const std::string& agent);
  const AgentRecord* FindAgent(const std::string& name) const;
  const std::map<std::string, AgentRecord>& agents() const { return agents_; }

  // `mask_reason` tells why an agent's word does not count now ("" when it does). What an agent saw
  // longer ago than three intervals of its check, and the time it may take, is unknown. That a
  // connected agent refuses a check, or does not know its kind, is told where there is nothing else
  // to tell.
  Board Snapshot(absl::Time now, const std::vector<Incident>& open,
                 const MaskReason& mask_reason) const;
  // What counts is the same.
  FindingList Findings(absl::Time now, const MaskReason& mask_reason) const;

 private:
  // What was said of one check, by agent.
  using Views = std::map<std::string, AgentView>;

  std::vector<Cell> CellsOf(const CheckSpec& check, const std::vector<std::string>& regions,
                            absl::Time now, const std::map<std::string, std::string>& masks) const;
  std::vector<BoardKind> Kinds() const;
  std::map<std::string, std::vector<std::string>> CannotRun() const;
  void AddRefusals(Board& board) const;

  std::map<std::string, CheckSpec> checks_;    // by id, control checks excepted
  std::set<std::string> planned_kinds_;        // also of control checks
  std::map<std::string, AgentRecord> agents_;  // by name
  std::map<std::string, Views> views_;         // by check id
  FindingKeeper findings_;
};

}  // namespace postwatch::collector
