// Situation: the part of the evidence that speaks about now: failures that are not over, not
// excused and not settled, and the passes beside them.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "collector/correlate/evidence.h"
#include "collector/correlate/witness.h"

namespace postwatch::collector {

// One run, seen as evidence. Points into the Evidence and Witness it was taken from.
struct Event {
  const Cell* cell = nullptr;
  const Record* record = nullptr;
  const Vantage* vantage = nullptr;
  double noise = 0;  // how often this agent fails for no known reason
  bool failed = false;
  bool current = false;  // the newest of its cell, fresh, not from a backlog: may lead to a page
  bool assumed = false;  // an answer we asked for and do not have yet, taken for a pass meanwhile
};

// A fault that is over, or known and open: what it caused opens nothing anew.
struct SettledFault {
  ComponentRef component;
  std::string provider;
  absl::Time started, ended;
  bool over = true;             // failures it causes are dropped only then
  bool keeps_letters = true;    // real: letters sent meanwhile come late or never
  std::set<ComponentRef> also;  // smaller faults that were part of it
  std::set<CellKey> cells;      // that failed because of it
};

struct Situation {
  absl::Time now;
  FleetShape fleet;
  std::vector<Event> events;  // by the time they ended
  // provider or front end -> its services of which something fresh is known
  std::map<ComponentId, std::set<ComponentId>> services;
  std::set<std::string> watched_agents;  // those that run control checks
  std::set<std::string> watches_access;  // providers whose mailboxes are read by some check

  bool HasFailures() const;
};

// `asked`: runs requested a moment ago and not answered yet.
Situation TakeStock(const Evidence& evidence, const Witness& witness,
                    const std::vector<SettledFault>& settled, const std::set<CellKey>& asked,
                    absl::Time now);

}  // namespace postwatch::collector
