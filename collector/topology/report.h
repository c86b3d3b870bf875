// Report: everything that is to be said of a fleet's topology, as text and as JSON.
#pragma once

#include <string>
#include <vector>

#include "collector/topology/coverage.h"
#include "collector/topology/detection_time.h"
#include "collector/topology/identifiability.h"
#include "collector/topology/improvement.h"

namespace postwatch::collector {

struct TopologyReport {
  std::vector<Reach> reaches;  // by component
  std::vector<LookAlikes> groups;
  std::vector<ComponentId> never_paging;
  std::vector<FewNetworks> few_networks;
  std::vector<KindTimes> times;
  std::vector<Improvement> additions;

  bool HasWarnings(const Coverage& coverage) const {
    return !groups.empty() || !never_paging.empty() || !few_networks.empty() ||
           !coverage.unseen().empty();
  }
};

TopologyReport Examine(const Coverage& coverage);

// `all`: each group and each component, not one of each sort.
std::string ReportText(const TopologyReport& report, const Coverage& coverage, bool all);
// One object, with its end of line; each group is in it, and each component where `all`.
std::string ReportJson(const TopologyReport& report, const Coverage& coverage, bool all);

}  // namespace postwatch::collector
