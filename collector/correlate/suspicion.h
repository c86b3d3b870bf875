// Suspicion: for each component, whether what crosses it has begun to fail, kept up with every
// reading: a cumulative sum (Page's test) for each of a few failing shares, and the readings since
// it last was at zero.
#pragma once

#include <array>
#include <deque>
#include <set>
#include <vector>

#include "collector/correlate/catalog.h"
#include "collector/correlate/failure_log.h"
#include "collector/correlate/reading.h"

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
  std::vector<Clue> clues;  // by ended; since the sums were last at zero, or the latest of them
  double onset = 0;         // when the first failure began that is not among them any more

  double Highest() const;
};

class Suspicions {
 public:
  // Both outlive it.
  Suspicions(const Catalog& catalog, const FailureLog& log) : catalog_(catalog), log_(log) {}

  void TakePass(const Reading& reading);
  void TakeFailure(FailureId failure);

  // Forgets what ended before `oldest`, and failures that the log has forgotten, before `first`.
  void Expire(double oldest, FailureId first);

  // Thinks anew what these failures are clues of: they were settled, or changed.
  void Reconsider(const std::vector<FailureId>& failures);

  // Thinks anew, in the order in which things happened, what failures that came in late concern.
  void CatchUp();

  const Suspicion& Of(ComponentId id) const { return table_[id]; }
  // Components with clues, in no particular order.
  const std::vector<ComponentId>& active() const { return active_; }
  const FailureLog& log() const { return log_; }

 private:
  void AddPass(ComponentId id, const Clue& pass);
  void AddFailure(ComponentId id, FailureId failure);
  void Raise(Suspicion& suspicion, Kind kind, const FailureRecord& record) const;
  void Insert(ComponentId id, const Clue& clue);
  void Recount(ComponentId id);
  void Grow();
  void Clear(ComponentId id);

  const Catalog& catalog_;
  const FailureLog& log_;
  std::vector<Suspicion> table_;
  std::vector<ComponentId> active_;
  std::vector<size_t> place_;  // in active_, plus one
  struct Event {
    Clue clue;
    RouteId route;
  };
  std::deque<Event> passes_;  // of the window, to think anew from
  std::set<ComponentId> late_;
};

}  // namespace postwatch::collector
