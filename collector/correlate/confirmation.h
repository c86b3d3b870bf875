// Confirmation: which observations to ask for now, because they would decide a suspicion.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "collector/correlate/correlator.h"
#include "collector/correlate/view.h"

namespace postwatch::collector {

class Confirmer {
 public:
  void SetPlan(const FleetPlan& plan);

  // Asks about failures that no incident explains yet: the agent that saw it and its witness, and
  // vantages elsewhere; the same check and the other services of that provider, but no further
  // letters. Each check once in 20 s, and not for ever; but again 3 s after the first time where
  // the failure does not name its cause, for a blip shall not page.
  std::vector<Confirmation> AskAbout(const View& view,
                                     const std::function<bool(const Reading&)>& explained);

  // Asks those who saw a fault whether it is over.
  std::vector<Confirmation> AskWhetherOver(const std::string& incident_id,
                                           const std::set<CellId>& cells, const View& view);

 private:
  struct Asked {
    absl::Time at = absl::InfinitePast();
    int rounds = 0;
    bool again = false;  // asked a second time about the same failure
  };

  std::vector<std::string> ChooseChecks(const CheckEntry& failing) const;
  bool TakeTurn(const std::string& check_id, absl::Time now);
  bool TakeSecondLook(const std::string& check_id, const Reading& failure, absl::Time now);
  bool HasRoom(absl::Time now);
  void Remember(const Confirmation& confirmation, bool again, absl::Time now);

  std::map<std::string, CheckSpec> plan_;
  std::vector<std::string> witnesses_;  // ids of control checks
  std::map<std::string, Asked> asked_;  // by check id
  std::map<std::string, absl::Time> asked_whether_over_;
  std::vector<absl::Time> recent_;  // requests of the last moments
};

}  // namespace postwatch::collector
