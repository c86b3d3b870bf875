// IncidentBook: the incidents, each with one identity for its whole life: opened, taken over by a
// broader or narrower component, joined, resolved, opened again.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "collector/correlate/recovery.h"
#include "collector/correlate/view.h"
#include "collector/model/incident.h"

namespace postwatch::collector {

// What ought to be an open incident, as far as can be told now.
struct Proposal {
  Verdict verdict;
  ComponentId component = kNoComponent;
  absl::Time started;
  bool firm = true;  // enough for an incident of its own; else only an open one is kept up
  bool alerting = false;
  bool guarded = false;             // decided from a single vantage
  bool of_fleet = false;            // a condition of agents: over when it is no longer proposed
  double share = 0;                 // of the attempts that fail
  double interval = 60;             // of the checks that show it, in seconds
  std::vector<FailureId> failures;  // that it accounts for
};

struct OpenIncident {
  Incident incident;
  ComponentId component = kNoComponent;
  Kind kind = Kind::kOther;
  bool of_fleet = false;
  double share = 0.95;
  Recovery recovery;
  std::set<ComponentId> also;  // smaller faults that were part of it
  Verdict at_worst;            // of this component, as last seen failing in full
  absl::Time at_worst_since = absl::InfinitePast();
  absl::Time proposed = absl::InfinitePast();
  absl::Time reported = absl::InfinitePast();  // last change handed out
  std::optional<absl::Time> milder_since;      // than its severity tells
  int reopened = 0;
};

class IncidentBook {
 public:
  explicit IncidentBook(Catalog& catalog) : catalog_(catalog) {}

  // Of the configuration; for what is opened from now on.
  void SetRevision(std::string revision) { revision_ = std::move(revision); }

  // Both keep their identity.
  void Restore(std::vector<Incident> open, std::vector<Incident> resolved);

  // Opens, updates, takes over and joins. An incident that nothing proposes stays as it is.
  std::vector<IncidentChange> Reconcile(const std::vector<Proposal>& proposals, const View& view);

  // Tells open incidents what concerns them. Whether one of them accounts for the reading.
  bool Take(const Reading& reading);
  // Whether it is what is left of an incident that is over: a run that began while it lasted.
  bool IsStraggler(const Reading& reading) const;

  // Resolves what is over.
  std::vector<IncidentChange> CloseWhatIsOver(const View& view);

  const std::map<std::string, OpenIncident>& open() const { return open_; }
  bool IsOpen(const ComponentRef& component) const;
  // What real and local incidents blame.
  std::set<ComponentId> Blamed() const;
  // Failures that incidents which ended just now account for. Taken once.
  std::vector<FailureId> TakeSettled();

 private:
  struct Closed {
    OpenIncident last;
    absl::Time at;
    bool joined = false;  // became part of another one
  };
  using Changes = std::vector<IncidentChange>;

  void Place(const Proposal& proposal, const std::set<ComponentId>& proposed, const View& view,
             Changes& changes);
  OpenIncident Restored(Incident incident);
  bool HasRoomFor(const Proposal& proposal) const;
  OpenIncident* FindOpen(const ComponentRef& component);
  OpenIncident* FindSame(const Proposal& proposal, const std::set<ComponentId>& proposed,
                         const View& view, bool& part);
  void Absorb(const Proposal& proposal, OpenIncident& whole, const std::set<ComponentId>& proposed,
              const View& view, Changes& changes);
  OpenIncident& OpenNew(const Proposal& proposal, absl::Time now);
  OpenIncident* Reopen(const Proposal& proposal, const View& view);
  std::string ExplainWithParts(const OpenIncident& open, const Proposal& proposal) const;
  bool Refresh(OpenIncident& open, const Proposal& proposal, const View& view);
  IncidentChange Resolve(const std::string& id, absl::Time ended, const std::string& why,
                         absl::Time now);
  void Settle(const OpenIncident& over, const View& view);

  Catalog& catalog_;
  std::string revision_;
  std::map<std::string, OpenIncident> open_;
  std::vector<Closed> closed_;  // by time
  std::vector<FailureId> settled_;
};

}  // namespace postwatch::collector
