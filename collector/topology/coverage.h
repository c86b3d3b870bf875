// Coverage: which runs cross which components, and how often; learned from the runs that were made.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "absl/time/time.h"
#include "collector/correlate/catalog.h"
#include "collector/model/fleet.h"
#include "collector/model/sighting.h"

namespace postwatch::collector {

// One agent's runs of one check along one route.
struct Lane {
  AgentId agent = 0;
  Plane plane = Plane::kMail;
  double per_minute = 0;             // 0: only when asked to confirm
  std::vector<ComponentId> crossed;  // sorted
  // What may be in use when a run fails, where that tells the parts of the route apart: a letter is
  // handed in at one service and fetched from another. Empty: the whole route is.
  std::vector<std::vector<ComponentId>> stretches;
};

class Coverage {
 public:
  // With a plan the runs are ones recorded in production: they come at the plan's intervals, and a
  // failed one tells only what it got to.
  explicit Coverage(std::optional<FleetPlan> plan);

  // A run; a duplicate is left out. One that was asked for out of turn shows a route, and does not
  // count for how often it is taken.
  void Take(const Sighting& run);
  // Runs like this one are to be made so often.
  void Expect(const Sighting& run, double per_minute);
  // After the last run; what follows is for then.
  void Finish();

  const Catalog& catalog() const { return catalog_; }
  const std::vector<Lane>& lanes() const { return lanes_; }  // by agent
  // The rate at which runs fail for no reason: the median agent's and the median target's, where
  // a failure counts that came alone.
  double noise() const { return noise_; }
  // Hosts of which a run tries another when one fails: it fails when all of them do.
  const std::set<ComponentId>& spares() const { return spares_; }
  // Checks of the plan that were not run by anybody.
  const std::vector<std::string>& unseen() const { return unseen_; }
  int64_t runs() const { return runs_; }
  double minutes() const;  // from the first to the last
  bool recorded() const { return plan_.has_value(); }

 private:
  struct Way {
    std::vector<ComponentId> crossed;
    Plane plane = Plane::kMail;
    int64_t passes = 0, failures = 0, confirmations = 0;
    double expected = 0;  // a minute
  };
  struct Task {  // one check of one agent
    std::vector<Way> ways;
    int64_t failures = 0;  // in a row, up to now
  };
  struct Tally {
    double runs = 0, failures = 0;
  };

  Task& TaskOf(const Sighting& run, AgentId agent);
  ComponentId IdOf(const ComponentRef& component);
  Way& WayOf(const Sighting& run, Task& task);
  void CountNoise(const Sighting& run, AgentId agent, Task& task);
  bool IsDuplicate(const Sighting& run, AgentId agent);
  void AddLanes(AgentId agent, const std::string& check, std::vector<Way>& ways);
  void Refine();
  void Stretch(Lane& lane);
  void DropSpares(Lane& lane);
  double NoiseOfFleet() const;

  std::optional<FleetPlan> plan_;
  std::map<std::string, double> intervals_;  // seconds, by check
  Catalog catalog_;
  std::unordered_map<std::string, ComponentId> ids_;  // by "kind:name"
  std::string name_;                                  // of the one asked for
  std::unordered_map<std::string, uint32_t> check_ids_;
  std::vector<std::string> checks_;
  std::unordered_map<uint64_t, Task> tasks_;  // by agent and check
  std::unordered_set<uint64_t> seen_;
  std::map<AgentId, Tally> agents_;
  std::map<std::string, Tally> targets_;
  absl::Time first_ = absl::InfiniteFuture(), last_ = absl::InfinitePast();
  int64_t runs_ = 0;
  double noise_ = 0;
  std::vector<Lane> lanes_;
  std::set<ComponentId> spares_;
  std::vector<std::string> unseen_;
};

}  // namespace postwatch::collector
