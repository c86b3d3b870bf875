// Fit: how well the fault of one component explains what crosses it, given what else is believed.
#pragma once

#include <cstdint>
#include <vector>

#include "collector/correlate/suspicion.h"

namespace postwatch::collector {

// For each failure of the model, how likely it was, given what is believed to be wrong.
using Beliefs = std::vector<double>;

struct Fit {
  ComponentId id = 0;
  double gain = 0;     // nats against nothing being wrong
  double bounded = 0;  // the same where one agent can add so much, and none can take it away
  double share = 0;    // of the attempts that fail
  double reach = 1;    // of the agents that are hit at all
  double since = 0;    // the first failure of it ended then
  size_t first = 0;    // of the clues that count
  size_t agents = 0;   // that were heard of since
  size_t against = 0;  // of them, those whose runs speak against it
};

// "network>provider".
std::string ProviderOfPath(const ComponentRef& path);

class Model {
 public:
  // `candidates` are components that have clues.
  Model(const Catalog& catalog, const Suspicions& suspicions,
        const std::vector<ComponentId>& candidates);

  // Everything is noise.
  Beliefs Noise() const;
  // Best over change point, share and reach. A gain below zero says that there is nothing.
  Fit Of(ComponentId id, const Beliefs& beliefs) const;
  // What each agent alone adds to it, as far as a fault of `kind` on the agent's own way there
  // could do the same.
  std::vector<double> GainsByAgent(const Fit& fit, Kind kind, const Beliefs& beliefs) const;
  // The failures that the fault accounts for were to be expected.
  void Explain(const Fit& fit, Beliefs& beliefs) const;
  // Indices of the failures that the fault accounts for and the beliefs do not.
  std::vector<size_t> FailuresOf(const Fit& fit, const Beliefs& beliefs) const;
  // How many of `failures` the component could have caused.
  size_t CountExplicable(ComponentId id, const std::vector<bool>& failures) const;
  int64_t PassesOf(const Fit& fit) const;

  // When the first failure began that speaks for it, as far back as is known.
  double OnsetOf(const Fit& fit) const;
  bool IsCutShort(const Fit& fit) const;

  size_t failure_count() const { return failures_.size(); }
  FailureId IdOf(size_t failure) const { return failures_[failure]; }
  const FailureRecord& FailureAt(size_t failure) const {
    return suspicions_.log().At(failures_[failure]);
  }

 private:
  struct Item {
    double ended;
    AgentId agent;
    int32_t failure;  // index, negative for a pass
    float expected;   // of this failure, if the component is at fault
    bool possible;
  };
  struct Scratch {
    std::vector<double> by_agent;
    std::vector<AgentId> seen;
  };

  double Oldest() const;
  void FitMixes();
  void FitMix(Kind kind, const std::vector<Item*>& items) const;
  void AddUp(const std::vector<Item>& items, size_t first, double share, const Beliefs& beliefs,
             Kind kind, Fit& best) const;
  double Llr(const Item& item, double share, double pass, const Beliefs& beliefs) const;
  const std::vector<Item>& ItemsOf(ComponentId id) const;

  const Catalog& catalog_;
  const Suspicions& suspicions_;
  std::vector<FailureId> failures_;
  std::vector<ComponentId> candidates_;  // sorted
  std::vector<std::vector<Item>> items_;
  mutable Scratch scratch_;
};

}  // namespace postwatch::collector
