// BoardKeeper: keeps the board up to date, sighting by sighting.
#pragma once

#include <map>
#include <string>
#include <tuple>

#include "absl/time/time.h"
#include "collector/model/board.h"
#include "collector/model/sighting.h"

namespace postwatch::collector {

// What an agent last said of a check, and the agents' states: everything on the board but
// incidents. Bounded by agents x checks of the plan.
class BoardKeeper {
 public:
  void SetPlan(const FleetPlan& plan);

  void Observe(const Sighting& sighting);
  void UpdateAgent(const AgentRecord& agent);
  const AgentRecord* FindAgent(const std::string& name) const;
  const std::map<std::string, AgentRecord>& agents() const { return agents_; }

  // `mask_reason` tells why an agent's word does not count now ("" when it does). A view older than
  // three intervals of its check is unknown.
  Board Snapshot(absl::Time now, const std::vector<Incident>& open,
                 const std::function<std::string(const std::string&)>& mask_reason) const;

 private:
  // The latest word of one agent on one check.
  struct View {
    absl::Time received;
    absl::Time started;
    Outcome outcome = Outcome::kNotTested;
    std::string failure_class;
    std::string detail;
  };

  Cell MakeCell(const CheckSpec& check, const std::string& region, absl::Time now,
                const std::function<std::string(const std::string&)>& mask_reason) const;

  std::map<std::string, CheckSpec> checks_;                    // by id, control checks excepted
  std::map<std::string, AgentRecord> agents_;                  // by name
  std::map<std::pair<std::string, std::string>, View> views_;  // by (check id, agent)
};

}  // namespace postwatch::collector
