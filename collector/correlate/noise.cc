#include "collector/correlate/noise.h"

#include <algorithm>
#include <cmath>

#include "collector/correlate/thresholds.h"

namespace postwatch::collector {
namespace {

constexpr double kPriorRuns = 150, kPriorFailures = 1;
constexpr double kMemory = 4000;  // runs; then the past counts half
constexpr double kLately = 500;   // the same for the weather, of the whole fleet
constexpr double kWorstWeather = 6;
constexpr uint32_t kMaxHalvings = 1000;  // nothing is left

}  // namespace

void Noise::Tally::Add(bool failed, double memory) {
  runs += 1;
  if (failed) failures += 1;
  if (runs < memory) return;
  runs /= 2;
  failures /= 2;
}

void Noise::Count(AgentId agent, TargetId target, bool failed) {
  if (agent >= agents_.size()) agents_.resize(agent + 1);
  if (target >= targets_.size()) {
    targets_.resize(target + 1);
    lately_.resize(target + 1);
  }
  agents_[agent].Add(failed, kMemory);
  targets_[target].Add(failed, kMemory);
  all_.Add(failed, kMemory * 10);
  const double before = lately_all_.runs;
  lately_[target] = {LatelyOf(target), halvings_};
  lately_[target].tally.Add(failed, 1e18);
  lately_all_.Add(failed, kLately);
  if (lately_all_.runs <= before) ++halvings_;
}

// Halved as often as the whole was, only when it is asked for: there are many targets.
Noise::Tally Noise::LatelyOf(TargetId target) const {
  const Recent& recent = lately_[target];
  const int halvings = static_cast<int>(std::min(halvings_ - recent.halvings, kMaxHalvings));
  return {std::ldexp(recent.tally.runs, -halvings), std::ldexp(recent.tally.failures, -halvings)};
}

// By what factor other targets fail more often than they use to.
double Noise::Weather(TargetId target) const {
  const Tally own = target < lately_.size() ? LatelyOf(target) : Tally{};
  const double runs = lately_all_.runs - own.runs;
  const double usual = (kPriorFailures + all_.failures) / (kPriorRuns + all_.runs);
  const double now =
      (lately_all_.failures - own.failures + usual * kPriorRuns) / (runs + kPriorRuns);
  return std::clamp(now / usual, 1.0, kWorstWeather);
}

double Noise::RateOf(AgentId agent, TargetId target) const {
  const Tally a = agent < agents_.size() ? agents_[agent] : Tally{};
  const Tally t = target < targets_.size() ? targets_[target] : Tally{};
  const double of_agent = (kPriorFailures + a.failures) / (kPriorRuns + a.runs);
  const double of_target = t.failures / (kPriorRuns + t.runs);
  return std::clamp((of_agent + of_target) * Weather(target), kLeastNoise, kMostNoise);
}

}  // namespace postwatch::collector
