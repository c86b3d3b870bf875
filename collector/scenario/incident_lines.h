// Incident lines: what the correlator says, in the replay format.
#pragma once

#include <compare>
#include <map>
#include <string>

#include "collector/model/incident.h"

namespace postwatch::collector {

class IncidentLines {
 public:
  // One line without its end; empty for a change that the format does not tell, such as another
  // confidence of the same blame. `at`: when it was decided.
  std::string Tell(const IncidentChange& change, absl::Time at);

 private:
  struct Told {
    ComponentRef component;
    bool alert = false, closed = false;
    auto operator<=>(const Told&) const = default;
  };
  std::map<std::string, Told> told_;  // by incident
};

}  // namespace postwatch::collector
