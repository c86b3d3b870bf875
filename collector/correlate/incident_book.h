// IncidentBook: the incidents, each with one identity for its whole life: opened, taken over by a
// broader or narrower component, merged, resolved, opened again.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "collector/correlate/attribution.h"
#include "collector/correlate/situation.h"
#include "collector/model/incident.h"

namespace postwatch::collector {

// What ought to be an open incident, as far as can be told now.
struct Proposal {
  Verdict verdict;
  absl::Time started;
  bool alerting = false;
  bool of_fleet = false;  // a condition of agents: over when it is no longer proposed
  absl::Time newest = absl::InfinitePast();  // end of the latest failure
  std::set<CellKey> cells;                   // that fail because of it
  std::vector<ComponentRef> also;            // smaller faults that are part of it
};

struct OpenIncident {
  Incident incident;
  bool of_fleet = false;
  std::set<CellKey> cells;                   // that failed because of it, at any time
  std::set<ComponentRef> also;               // that were part of it, at any time
  absl::Time newest = absl::InfinitePast();  // end of the latest failure
  Verdict at_worst;                          // of this component, as last seen failing in full
  absl::Time at_worst_since = absl::InfinitePast();
  absl::Time proposed = absl::InfinitePast();
  absl::Time reported = absl::InfinitePast();  // last change handed out
  absl::Time severity_since;
  int reopened = 0;
};

class IncidentBook {
 public:
  // `open` keep their identity.
  void Restore(std::vector<Incident> open);

  // Opens, updates, takes over and merges. An incident that nothing proposes stays as it is:
  // whether it is over is for the caller to judge.
  std::vector<IncidentChange> Reconcile(const std::vector<Proposal>& proposals, absl::Time now);

  // `ended`: estimated end of the fault. `why` goes into the history.
  IncidentChange Resolve(const std::string& id, absl::Time ended, const std::string& why,
                         absl::Time now);

  const std::map<std::string, OpenIncident>& open() const { return open_; }
  // Faults of the recent past, and the open ones.
  std::vector<SettledFault> Settled(absl::Time now) const;
  KnownFaults Known(absl::Time now) const;
  // Whether an open incident accounts for the cell.
  bool Explains(const CellKey& cell) const;
  // All cells for which one does.
  std::set<CellKey> ExplainedCells() const;

 private:
  struct Closed {
    OpenIncident last;
    absl::Time at;
    bool settles;  // false for one that lives on in another
  };
  using Changes = std::vector<IncidentChange>;

  OpenIncident* FindOpen(const ComponentRef& component);
  std::vector<std::string> Overlapping(const Proposal& proposal,
                                       const std::set<ComponentRef>& proposed,
                                       absl::Time now) const;
  bool MayTakeOver(const OpenIncident& old, const Proposal& proposal, absl::Time now) const;
  bool IsShadowed(const Proposal& proposal) const;
  bool JoinSameLeg(const Proposal& proposal);
  OpenIncident& OpenNew(const Proposal& proposal, absl::Time now);
  OpenIncident* Reopen(const Proposal& proposal, absl::Time now);
  void Merge(const std::vector<std::string>& ids, const std::string& into, absl::Time now,
             Changes& changes);
  // Returns whether people should see the change.
  bool Refresh(OpenIncident& open, const Proposal& proposal, absl::Time now);
  void Place(const Proposal& proposal, const std::set<ComponentRef>& proposed, absl::Time now,
             Changes& changes);
  void ForgetOld(absl::Time now);

  std::map<std::string, OpenIncident> open_;  // by id
  std::vector<Closed> closed_;                // oldest first
};

}  // namespace postwatch::collector
