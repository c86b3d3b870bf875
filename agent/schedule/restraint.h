// Restraint: how long to leave a target alone that rejected our credential or told us to slow down.
#pragma once

#include "absl/time/time.h"
#include "common/model/fleet_share.h"
#include "common/model/observation.h"

namespace postwatch::agent {

// One check's. Trying a rejected credential again and again locks the account, and gets the agent
// banned; pressing on when throttled makes the throttling worse and looks like an outage.
class Restraint {
 public:
  Restraint() = default;
  // As it was after so many in a row.
  Restraint(int rejections, int throttles) : rejections_(rejections), throttles_(throttles) {}

  // How long no run should start after this observation; zero as a rule.
  // - A rejected credential: from the second in a row on, 6 intervals, doubled each time, at most
  //   30 minutes, or until it is another. An account sees all agents of a fleet: where there are
  //   several they take turns from the first rejection on, so that the account sees no more than
  //   one try per such time.
  // - A rate or connection limit: 2 intervals, doubled each time, at most 30 minutes; at least what
  //   the server asked for (the fact `backoff.seconds`), at most a day.
  // Anything else ends it.
  absl::Duration After(const Observation& observation, absl::Duration interval, FleetShare share);

  // Whether the credential was rejected when it was last tried: another one needs no patience.
  bool rejected() const { return rejections_ > 0; }
  int rejections() const { return rejections_; }
  int throttles() const { return throttles_; }

 private:
  int rejections_ = 0;
  int throttles_ = 0;
};

}  // namespace postwatch::agent
