// Recovery: whether the fault of an open incident is over, kept up with every reading of it.
#pragma once

#include <map>
#include <set>
#include <string>

#include "collector/correlate/catalog.h"
#include "collector/correlate/reading.h"

namespace postwatch::collector {

// Times are seconds since 1970.
class Recovery {
 public:
  // Of a fault that others have seen, at the latest then: whose passes count is not known.
  void Resume(double last_failed);
  // A run that the fault accounts for failed.
  void TakeFailure(const Reading& reading, const AgentEntry& agent);
  // A run passed that crosses what is blamed. Counts when its cell, or at least its agent, has seen
  // the fault. `share`: of the attempts that fail.
  void TakePass(const Reading& reading, const AgentEntry& agent, double share);

  struct Outcome {
    bool over = false;
    double ended = 0;  // estimated, when over
    std::string why;   // when over
  };
  // Over when those who saw it fail pass again, with no failure since: at once when each of them
  // passed twice, after a while otherwise; `reopened` times before, it is believed later each time.
  // One network that alone still sees failures does not keep a fault of the service open.
  Outcome Judge(double now, bool real, int reopened) const;

  // There are first signs of it, and these runs would tell more.
  bool HasSigns() const;
  const std::set<CellId>& Unsure() const { return unsure_; }
  // That have seen it fail since it is kept up, with the runs since their latest failure.
  const std::map<CellId, int>& Cells() const { return clean_; }

 private:
  // Whether it looks over, with one network left aside or none.
  struct Look {
    double last_failed = -1e18;
    double first_passed = 0, first_pass_began = 0;
    double odds = 0;                // nats that so many passes since are no luck
    std::set<std::string> regions;  // that pass

    void Fail(double ended);
    void Pass(const Reading& reading, const std::string& region, double odds_of_it);
  };
  bool IsOver(const Look& look, double now, double hold, bool real, bool at_once) const;

  Look all_, others_;      // others: without the network that failed last
  std::string dissenter_;  // that network
  std::set<std::string> dissenting_agents_;
  std::set<std::string> networks_, regions_;  // that saw it
  std::map<CellId, int> clean_;               // runs since the latest failure, of cells that failed
  std::set<CellId> unsure_;                   // of these, with too few
  std::set<AgentId> agents_;                  // that saw it
};

}  // namespace postwatch::collector
