// Suspicion: for each component, whether what crosses it has begun to fail, kept up with every
// reading: a cumulative sum (Page's test) for each of a few failing shares, and the readings since
// it last was at zero.
#pragma once

#include <array>
#include <deque>
#include <set>
#include <vector>

#include "catalog.h"
#include "noise.h"
#include "reading.h"

namespace postwatch::collector {

// Of the attempts that cross a faulty component, how many fail.
inline constexpr std::array<double, 4> kShares = {0.95, 0.6, 0.3, 0.1};

// A reading as seen from one component.
struct Clue {
  double ended = 0;
  FailureId failure = kNoFailure;  // kNoFailure: it passed
  AgentId agent = 0;
  CellId cell = 0;
};

struct Suspicion {
  std::array<float, kShares.size()> rise{};  // nats for "it fails" against "nothing is wrong"
  std::vector<Clue> clues;                   // by ended; since the sums were last at zero

  double Highest() const;
};

// A failure as it is remembered.
struct Trouble {
  Reading reading;
  double noise = 0;      // how likely it was to happen for no reason
  bool settled = false;  // an incident that is over accounts for it
};

class Suspicions {
 public:
  explicit Suspicions(const Catalog& catalog) : catalog_(catalog) {}

  // What it failed with goes into the books; kNoFailure for a pass.
  FailureId Take(const Reading& reading, double noise);

  // Forgets readings that ended before `oldest`.
  void Expire(double oldest);

  // The failures in question are accounted for.
  void Settle(const std::vector<FailureId>& failures);

  // Thinks components anew from the readings of the window, where readings came late.
  void CatchUp();

  const Suspicion& Of(ComponentId id) const { return table_[id]; }
  // Components with clues, in no particular order.
  const std::vector<ComponentId>& active() const { return active_; }
  const Trouble& Failure(FailureId id) const { return failures_[id - first_failure_]; }
  FailureId first_failure() const { return first_failure_; }
  FailureId end_failure() const { return first_failure_ + failures_.size(); }

 private:
  void AddPass(ComponentId id, const Reading& reading);
  void AddFailure(ComponentId id, FailureId failure);
  void Raise(Suspicion& suspicion, ComponentId id, const Trouble& trouble) const;
  void Insert(ComponentId id, const Clue& clue);
  void Recount(ComponentId id);
  void Clear(ComponentId id);

  const Catalog& catalog_;
  std::vector<Suspicion> table_;
  std::vector<ComponentId> active_;
  std::vector<size_t> place_;  // in active_, plus one
  std::deque<Trouble> failures_;
  FailureId first_failure_ = 0;
  struct Passed {
    double ended;
    AgentId agent;
    CellId cell;
    RouteId route;
  };
  std::deque<Passed> passes_;  // of the window, to think anew from
  std::set<ComponentId> late_;
};

}  // namespace postwatch::collector
