// Ruling: whether a suspicion is firm enough to be an incident.
#pragma once

#include <map>

#include "absl/time/time.h"
#include "collector/correlate/attribution.h"
#include "collector/correlate/view.h"

namespace postwatch::collector {

enum class Ruling {
  kWait,         // for more evidence
  kOpenLocal,    // an incident that never pages
  kOpenReal,     // an incident that pages
  kOpenGuarded,  // the same from a single vantage: its path is not excluded
};

class Judge {
 public:
  // What fails for less than `blip` as a whole does not page, unless it names its cause.
  explicit Judge(absl::Duration blip) : blip_(absl::ToDoubleSeconds(blip)) {}

  // Suspects of one moment, one by one; then Adjourn.
  Ruling Decide(const Suspect& suspect, const View& view);
  // Doubts that were not raised this time are over.
  void Adjourn();
  // Somebody is suspected of whom time alone may tell.
  bool has_doubts() const { return !doubts_.empty(); }

 private:
  struct Doubt {
    double since = 0;
    bool raised = true;
  };

  Ruling DecideReal(const Suspect& suspect, const View& view);
  bool Persists(const Suspect& suspect, const View& view) const;
  bool IsBeyondDoubt(const Suspect& suspect, double now);

  double blip_;  // seconds
  std::map<ComponentId, Doubt> doubts_;
};

}  // namespace postwatch::collector
