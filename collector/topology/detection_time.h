// Detection time: how long a fault takes to page when only a share of the attempts fail.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "collector/topology/reach.h"

namespace postwatch::collector {

inline constexpr std::array<double, 5> kFailingShares = {1.0, 0.5, 0.2, 0.1, 0.05};

// What is older is forgotten: a fault that needs longer is not found.
double EvidenceMinutes();
using PlaneRates = std::array<float, kPlanes>;  // runs a minute

// The correlator adds up evidence in nats; a fault pages when its threshold is reached, and it has
// lasted. This is threshold / (rate * gain of a run), at the correlator's best guess of the share.
class DetectionTime {
 public:
  // `noise`: the rate at which runs fail for no reason.
  explicit DetectionTime(double noise);

  // Expected minutes from its beginning to the page, without confirmation. Infinite where the runs
  // of the window of evidence are not enough. `share` is an index of kFailingShares.
  double Minutes(Kind kind, const PlaneRates& per_minute, size_t share) const;

 private:
  // Nats that a run adds on average, by kind, plane, share and guess.
  std::vector<double> gains_;
};

// Of one kind of component, over those that may page.
struct KindTimes {
  Kind kind = Kind::kOther;
  size_t count = 0;
  std::array<double, kFailingShares.size()> median{}, worst{};
  ComponentId slowest = 0;  // at 20 %
};

// In order of kind; kinds of which there are none are left out.
std::vector<KindTimes> TimesByKind(const Coverage& coverage, std::span<const Reach> reaches);

}  // namespace postwatch::collector
