// Incident lines: what the correlator says, in the replay format.
#pragma once

#include <map>
#include <string>

#include "absl/time/time.h"
#include "collector/model/incident.h"

namespace postwatch::collector {

class IncidentLines {
 public:
  // One line without its end; empty for a change that the format does not tell, such as another
  // confidence of the same blame.
  std::string Tell(const IncidentChange& change);

 private:
  struct Told {
    ComponentRef component;
    bool alert = false, closed = false;
    bool operator==(const Told&) const = default;
  };
  struct Entry {
    Told told;
    absl::Time at;
  };

  void Forget(absl::Time before);

  std::map<std::string, Entry> told_;  // by incident
};

}  // namespace postwatch::collector
