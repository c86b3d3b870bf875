#include "collector/correlate/fit.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace postwatch::collector {
namespace {

constexpr std::array kShares = {0.95, 0.67, 0.4, 0.12};
constexpr double kSupported = 0.05;  // below, a failure is not called explained
constexpr double kExplained = 0.25;  // a failure as likely as this earns nobody anything
constexpr double kNegligible = 0.01;

}  // namespace

Model::Model(const Situation& situation, const ComponentTable& components)
    : situation_(situation), components_(components) {
  for (size_t i = 0; i < situation.events.size(); ++i) {
    const Event& event = situation.events[i];
    if (!event.failed) continue;
    for (const ComponentId id : event.record->crossed) {
      if (SupportOf(id, i) < kSupported) continue;
      scopes_[id].failing_checks.insert(event.cell->key.check_id);
    }
  }
  for (size_t i = 0; i < situation.events.size(); ++i) {
    for (const ComponentId id : situation.events[i].record->crossed) {
      const auto scope = scopes_.find(id);
      if (scope != scopes_.end()) scope->second.events.push_back(i);
    }
  }
  for (const auto& [id, scope] : scopes_) candidates_.push_back(id);
  std::ranges::sort(candidates_, {}, [&](ComponentId id) { return components.Get(id); });
}

Beliefs Model::Noise() const {
  Beliefs noise;
  for (const Event& event : situation_.events)
    noise.push_back(NoiseOf(event.record->family, event.noise));
  return noise;
}

double Model::SupportOf(ComponentId component, size_t event) const {
  return Support(components_.KindOf(component), situation_.events[event].record->family);
}

Fit Model::FitOf(ComponentId component, const Beliefs& beliefs,
                 const std::set<size_t>* only) const {
  Fit best;
  best.score = -1e9;
  const auto scope = scopes_.find(component);
  if (scope == scopes_.end()) return best;
  for (const double share : kShares) {
    Fit fit = FitShare(component, scope->second, share, beliefs, only);
    if (!fit.failures.empty() && fit.score > best.score) best = std::move(fit);
  }
  return best;
}

// A cumulative sum of log likelihood ratios: it starts anew whenever nothing speaks for the fault.
Fit Model::FitShare(ComponentId component, const Scope& scope, double share, const Beliefs& beliefs,
                    const std::set<size_t>* only) const {
  const bool few = IsSeenByFewChecks(components_.KindOf(component));
  Fit fit;
  fit.share = share;
  double sum = 0;
  for (const size_t i : scope.events) {
    const Event& event = situation_.events[i];
    if (!event.failed) {
      if (fit.failures.empty() || (few && !scope.failing_checks.contains(event.cell->key.check_id)))
        continue;
      sum += std::log(1 - share);
      if (!event.assumed) ++fit.passes;
      if (sum > 0) continue;
      sum = 0;
      fit.failures.clear();
      fit.passes = 0;
      continue;
    }
    const double support = SupportOf(component, i);
    if (support < kNegligible || beliefs[i] >= kExplained) continue;
    if (only != nullptr && !only->contains(i)) continue;
    sum += std::log(((1 - share) * beliefs[i] + share * support) / beliefs[i]);
    if (support < kSupported) continue;
    if (fit.failures.empty()) fit.since = event.record->began;
    fit.since = std::min(fit.since, event.record->began);
    fit.failures.push_back(i);
  }
  fit.score = sum + LogPrior(components_.KindOf(component));
  return fit;
}

void Model::Explain(const Fit& fit, Beliefs& beliefs) const {
  for (const size_t i : fit.failures) {
    beliefs[i] = std::max(kExplained, (1 - fit.share) * beliefs[i] + fit.share);
  }
}

bool Model::IsExplained(const Beliefs& beliefs, size_t event) const {
  return beliefs[event] >= kExplained;
}

}  // namespace postwatch::collector
