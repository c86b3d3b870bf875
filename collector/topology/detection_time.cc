#include "collector/topology/detection_time.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "collector/correlate/correlator.h"
#include "collector/correlate/suspicion.h"
#include "collector/correlate/thresholds.h"

namespace postwatch::collector {
namespace {

constexpr double kNever = std::numeric_limits<double>::infinity();

constexpr size_t kGuesses = kShares.size(), kTrue = kFailingShares.size();

size_t IndexOf(Kind kind, size_t plane, size_t share, size_t guess) {
  return ((static_cast<size_t>(kind) * kPlanes + plane) * kTrue + share) * kGuesses + guess;
}

// What a run of this plane says on average for the guess when the share is true.
double GainOf(Kind kind, Plane plane, double share, double guess, double noise) {
  double total = 0;
  for (size_t f = 1; f < kFamilies; ++f) total += Expected(kind, plane, static_cast<Family>(f));
  if (total <= 0) return 0;
  double gain = 0, failing = 0;
  for (size_t f = 1; f < kFamilies; ++f) {
    const auto family = static_cast<Family>(f);
    const double expected = Expected(kind, plane, family) / total;
    const double by_chance = noise * NoiseMix(plane, family);
    const double seen = share * expected + (1 - share) * by_chance;
    gain += seen * std::log(1 - guess + guess * expected / by_chance);
    failing += seen;
  }
  return gain + (1 - failing) * std::log(1 - guess);
}

// Until so many failures have come in and the latter of them lasted.
double Lasting(Kind kind, double failures_per_minute, double share) {
  const double apart = 1 / failures_per_minute;
  if (IsOfOneAgent(kind))
    return apart + std::max(kOneAgentSpan / 60, (kOneAgentFailures - 1) * apart);
  const double blip = absl::ToDoubleMinutes(CorrelatorOptions{}.blip) *
                      (share > kHalfOfAttempts ? 1 : kLongerForFew);
  return 2 * apart + std::max(blip, (kEnoughFailures - 2) * apart);
}

}  // namespace

double EvidenceMinutes() { return absl::ToDoubleMinutes(CorrelatorOptions{}.evidence_window); }

DetectionTime::DetectionTime(double noise) : gains_(kKinds * kPlanes * kTrue * kGuesses) {
  for (size_t k = 0; k < kKinds; ++k) {
    for (size_t p = 0; p < kPlanes; ++p) {
      for (size_t s = 0; s < kTrue; ++s) {
        for (size_t g = 0; g < kGuesses; ++g) {
          const auto kind = static_cast<Kind>(k);
          gains_[IndexOf(kind, p, s, g)] =
              GainOf(kind, static_cast<Plane>(p), kFailingShares[s], kShares[g], noise);
        }
      }
    }
  }
}

double DetectionTime::Minutes(Kind kind, const PlaneRates& per_minute, size_t share) const {
  double failures = 0;
  for (size_t p = 0; p < kPlanes; ++p) {
    const bool concerned = gains_[IndexOf(kind, p, 0, 0)] != 0;
    if (concerned) failures += per_minute[p] * kFailingShares[share];
  }
  if (failures <= 0) return kNever;
  double quickest = kNever;
  for (size_t g = 0; g < kGuesses; ++g) {
    double gain = 0;
    for (size_t p = 0; p < kPlanes; ++p) gain += per_minute[p] * gains_[IndexOf(kind, p, share, g)];
    if (gain <= 0) continue;
    double needed = (IsOfOneAgent(kind) ? kOneAgentGain : kRealGain) - LogPrior(kind);
    if (kShares[g] <= kWeakShare) needed += kMoreForWeak;
    quickest = std::min(quickest, needed / gain);
  }
  const double minutes = std::max(quickest, Lasting(kind, failures, kFailingShares[share]));
  return minutes > EvidenceMinutes() ? kNever : minutes;
}

std::vector<KindTimes> TimesByKind(const Coverage& coverage, std::span<const Reach> reaches) {
  constexpr size_t kAtOneInFive = 2;
  const Catalog& catalog = coverage.catalog();
  const Diversity fleet = DiversityOf(coverage);
  const DetectionTime time(coverage.noise());
  std::vector<KindTimes> table;
  for (size_t k = 0; k < kKinds; ++k) {
    KindTimes row{.kind = static_cast<Kind>(k)};
    std::array<std::vector<double>, kTrue> minutes;
    for (ComponentId id = 0; id < reaches.size(); ++id) {
      if (catalog.KindOf(id) != row.kind || !MayPage(row.kind, reaches[id], fleet)) continue;
      for (size_t s = 0; s < kTrue; ++s) {
        minutes[s].push_back(time.Minutes(row.kind, reaches[id].per_minute, s));
      }
      const double here = minutes[kAtOneInFive].back();
      if (row.count++ == 0 || here > row.worst[kAtOneInFive]) row.slowest = id;
      row.worst[kAtOneInFive] = std::max(row.worst[kAtOneInFive], here);
    }
    if (row.count == 0) continue;
    for (size_t s = 0; s < kTrue; ++s) {
      std::ranges::sort(minutes[s]);
      row.median[s] = minutes[s][minutes[s].size() / 2];
      row.worst[s] = minutes[s].back();
    }
    table.push_back(row);
  }
  return table;
}

}  // namespace postwatch::collector
