#include "noise.h"

#include <algorithm>

namespace postwatch::collector {
namespace {

constexpr double kFloor = 0.003, kCeiling = 0.05;
constexpr double kPriorRuns = 150, kPriorFailures = 1;
constexpr double kMemory = 4000;  // runs; then the past counts half

}  // namespace

void Noise::Tally::Add(bool failed) {
  runs += 1;
  if (failed) failures += 1;
  if (runs < kMemory) return;
  runs /= 2;
  failures /= 2;
}

void Noise::Count(AgentId agent, TargetId target, bool failed) {
  if (agent >= agents_.size()) agents_.resize(agent + 1);
  if (target >= targets_.size()) targets_.resize(target + 1);
  agents_[agent].Add(failed);
  targets_[target].Add(failed);
}

double Noise::RateOf(AgentId agent, TargetId target) const {
  const Tally a = agent < agents_.size() ? agents_[agent] : Tally{};
  const Tally t = target < targets_.size() ? targets_[target] : Tally{};
  const double of_agent = (kPriorFailures + a.failures) / (kPriorRuns + a.runs);
  const double of_target = t.failures / (kPriorRuns + t.runs);
  return std::clamp(of_agent + of_target, kFloor, kCeiling);
}

}  // namespace postwatch::collector
