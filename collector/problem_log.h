// ProblemLog: says when what an agent cannot do changes, and not more often than is useful.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace postwatch::collector {

// Bounded by the number of agents. An agent whose problems change with every heartbeat is heard
// once a minute: what it says then is compared with what was told last.
class ProblemLog {
 public:
  // What to log of `agent`, which now has `problems` ("check id: why"): one line, or empty when
  // that is told already. Names the first of what is new and counts the rest.
  std::string Update(const std::string& agent, const std::vector<std::string>& problems,
                     absl::Time now);

 private:
  struct Told {
    std::vector<std::string> problems;
    absl::Time at = absl::InfinitePast();
  };

  std::map<std::string, Told> told_;  // by agent
};

}  // namespace postwatch::collector
