// Fit: how well one component explains what was seen; the likelihood side of Attribution.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "collector/correlate/situation.h"

namespace postwatch::collector {

// The best account of the evidence with one component at fault from some time on.
struct Fit {
  double score = 0;  // log odds against nothing being wrong, prior included
  double share = 0;  // of the attempts that fail
  absl::Time since;
  std::vector<size_t> failures;  // explained
  int64_t passes = 0;            // since then, in its scope; assumed ones not counted
};

// What else is known to explain each event's failure: the probability that it fails anyway.
using Beliefs = std::vector<double>;

class Model {
 public:
  // Both outlive the model.
  Model(const Situation& situation, const ComponentTable& components);

  // Only random noise.
  Beliefs Noise() const;
  // Components that could have caused at least one of the failures, in order of their names.
  const std::vector<ComponentId>& candidates() const { return candidates_; }

  // Failures not in `only` (when given) are left out of account.
  Fit FitOf(ComponentId component, const Beliefs& beliefs,
            const std::set<size_t>* only = nullptr) const;

  // Afterwards those failures are no surprise.
  void Explain(const Fit& fit, Beliefs& beliefs) const;

  bool IsExplained(const Beliefs& beliefs, size_t event) const;

  const Situation& situation() const { return situation_; }
  const ComponentTable& components() const { return components_; }

 private:
  struct Scope {
    std::vector<size_t> events;            // in order of time
    std::set<std::string> failing_checks;  // that could show the fault and did
  };

  double SupportOf(ComponentId component, size_t event) const;
  Fit FitShare(ComponentId component, const Scope& scope, double share, const Beliefs& beliefs,
               const std::set<size_t>* only) const;

  const Situation& situation_;
  const ComponentTable& components_;
  std::vector<ComponentId> candidates_;
  std::map<ComponentId, Scope> scopes_;
};

}  // namespace postwatch::collector
