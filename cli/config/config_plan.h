// Config plan: what another configuration would change for a running collector, and how it is told.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/config/picture_reader.h"
#include "collector/rollout/changes.h"

namespace postwatch::cli {

struct ConfigPlan {
  std::vector<collector::ConfigChange> changes;
  std::string revision_now, revision_wanted;
  std::string digest_now, digest_wanted;
  size_t agents = 0;

  // Whether the collector would notice: something changes, or is called otherwise.
  bool empty() const { return changes.empty() && revision_now == revision_wanted; }
};

// For the agents that the running collector has; for one when it has none yet.
ConfigPlan MakeConfigPlan(const ToldConfig& running, const ToldConfig& wanted);

// Lines for people: the changes, the revision, and a sum with the runs an hour more or less.
std::string PlanText(const ConfigPlan& plan);

// One JSON object; docs/configuration.md describes it.
std::string PlanJson(const ConfigPlan& plan);

}  // namespace postwatch::cli
