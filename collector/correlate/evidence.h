// Evidence: turns what agents report into readings in the collector's time, and knows how each
// check stands at each agent.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "collector/correlate/agent_clock.h"
#include "collector/correlate/catalog.h"
#include "collector/correlate/failure_log.h"
#include "collector/correlate/reading.h"
#include "collector/model/fleet.h"
#include "collector/model/sighting.h"

namespace postwatch::collector {

using CheckId = uint32_t;

// Readings count in seconds since 1970.
double ToSeconds(absl::Time time);
absl::Time ToTime(double seconds);

struct CheckEntry {
  std::string id;
  std::string target, provider;
  Leg leg = Leg::kControl;
  double interval = 60;  // seconds
  bool planned = true;
};

// One check as one agent sees it.
struct CheckCell {
  AgentId agent = 0;
  CheckId check = 0;
  double ended = 0;                // of the newest run
  double failed_since = 0;         // when the first of the latest failures in a row began
  double last_failed = -1e18;      // when the latest failure ended
  FailureId failure = kNoFailure;  // the latest one
  uint16_t failures = 0;           // in a row, up to now
  uint16_t passes = 0;             // since the latest failure
  TargetId target = kNoTarget;     // of the newest run
  double acquainted = 0;           // since when its agent has known that target
  uint64_t route_key = 0;          // what the newest run's route was told by
  RouteId route = 0;
  bool failing() const { return failures > 0; }
};

// What is read out of one sighting.
struct Finding {
  enum class What { kIgnored, kPass, kFailure, kAmended };
  What what = What::kIgnored;
  Reading reading;                 // kPass, kFailure
  FailureRecord failure;           // kFailure: not filed yet
  FailureId amended = kNoFailure;  // kAmended: what to think anew
  bool of_witness = false;         // a control check speaks about its agent
};

class Evidence {
 public:
  Evidence(Catalog& catalog, FailureLog& log);

  // Checks that are gone are not taken any more. Until the first call every check is.
  void SetPlan(const FleetPlan& plan);

  // Duplicates, runs that tested nothing and runs older than `oldest` (seconds) are ignored. An
  // amendment corrects the failure it names.
  Finding Read(const Sighting& sighting, double oldest);
  // The failure that was read last, once it has its number.
  void Filed(CellId cell, FailureId failure) { cells_[cell].failure = failure; }

  // What one agent saw does not count any more.
  void Forget(const std::string& agent);

  const std::vector<CheckCell>& cells() const { return cells_; }
  const CheckCell& At(CellId id) const { return cells_[id]; }
  const CheckEntry& CheckOf(const CheckCell& cell) const { return checks_[cell.check]; }
  const CheckEntry& Check(CheckId id) const { return checks_[id]; }
  std::string NameOf(CellId id) const;  // "agent check-id"
  // Whether what is known of the cell still speaks about now.
  bool IsFresh(const CheckCell& cell, double now) const;
  // Whether some check reads mailboxes of this provider.
  bool WatchesAccess(std::string_view provider) const;
  // Whether some check is planned for this target.
  bool WatchesTarget(std::string_view target) const;
  bool has_plan() const { return has_plan_; }
  bool has_control_checks() const { return has_control_; }

 private:
  struct Seen {  // sequence numbers of one agent's spool
    std::string spool;
    uint64_t highest = 0;
    std::vector<bool> recent;
    bool Take(const std::string& spool_id, uint64_t sequence);
  };

  struct Learned {  // from one agent and from nobody before it
    size_t components = 0, routes = 0;
  };

  CheckId CheckFor(const Sighting& sighting);
  CellId CellFor(AgentId agent, CheckId check);
  TargetId TargetFor(CheckCell& cell, const Sighting& sighting);
  double Acquainted(CheckCell& cell, const Reading& reading);
  RouteId RouteFor(CheckCell& cell, const Sighting& sighting);
  RouteId LearnRoute(const Sighting& sighting, AgentId agent);
  ComponentId LearnComponent(const ComponentRef& component, AgentId agent);
  size_t MostLearned() const;
  void Update(CheckCell& cell, const Reading& reading);
  Finding Amend(const Sighting& sighting);

  Catalog& catalog_;
  FailureLog& log_;
  bool has_plan_ = false, has_control_ = false;
  absl::flat_hash_map<std::string, CheckId> check_ids_;
  std::vector<CheckEntry> checks_;
  absl::flat_hash_map<uint64_t, CellId> cell_ids_;
  std::vector<CheckCell> cells_;
  absl::flat_hash_map<uint64_t, RouteId> routes_;     // that cells took before
  absl::flat_hash_map<uint64_t, double> acquainted_;  // agent and target: since when
  std::vector<AgentClock> clocks_;                    // by agent
  std::vector<Seen> seen_;                            // by agent
  std::vector<Learned> learned_;                      // by agent
};

}  // namespace postwatch::collector
