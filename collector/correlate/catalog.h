// Catalog: gives agents, components and routes small numbers and remembers what they stand for.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "collector/correlate/reading.h"
#include "common/model/component.h"
#include "common/model/vantage.h"

namespace postwatch::collector {

struct AgentEntry {
  std::string name, region, network;
};

class Catalog {
 public:
  Catalog()
      : component_ids_(0, ByName{this}, ByName{this}), route_ids_(0, BySet{this}, BySet{this}) {}
  Catalog(const Catalog&) = delete;
  Catalog& operator=(const Catalog&) = delete;

  ComponentId Component(const ComponentRef& component);
  // kNoComponent when it has no number.
  ComponentId Find(const ComponentRef& component) const;
  // The set of these components, in any order; each once.
  RouteId Route(std::vector<ComponentId> components);
  // An agent without a network is one of its own.
  AgentId Agent(const Vantage& vantage);
  bool HasAgent(const std::string& name) const { return agent_ids_.contains(name); }
  TargetId Target(const std::string& name);

  const ComponentRef& Ref(ComponentId id) const { return components_[id]; }
  Kind KindOf(ComponentId id) const { return kinds_[id]; }
  // Sorted.
  std::span<const ComponentId> Crossed(RouteId id) const;
  bool Crosses(RouteId route, ComponentId component) const;
  const AgentEntry& AgentOf(AgentId id) const { return agents_[id]; }
  const std::string& TargetName(TargetId id) const { return targets_[id]; }

  size_t component_count() const { return components_.size(); }
  size_t route_count() const { return route_ends_.size(); }
  size_t agent_count() const { return agents_.size(); }
  size_t target_count() const { return targets_.size(); }

 private:
  using Set = std::span<const ComponentId>;
  // Numbers hash and compare as what they stand for, which is kept once.
  struct ByName {
    using is_transparent = void;
    const Catalog* catalog;
    size_t operator()(const ComponentRef& component) const;
    size_t operator()(ComponentId id) const { return (*this)(catalog->Ref(id)); }
    bool operator()(ComponentId a, ComponentId b) const { return a == b; }
    bool operator()(ComponentId id, const ComponentRef& b) const { return catalog->Ref(id) == b; }
  };
  struct BySet {
    using is_transparent = void;
    const Catalog* catalog;
    size_t operator()(Set components) const;
    size_t operator()(RouteId id) const { return (*this)(catalog->Crossed(id)); }
    bool operator()(RouteId a, RouteId b) const { return a == b; }
    bool operator()(RouteId id, Set components) const;
  };

  std::vector<ComponentRef> components_;
  std::vector<Kind> kinds_;
  absl::flat_hash_set<ComponentId, ByName, ByName> component_ids_;
  std::vector<ComponentId> crossed_;  // of all routes, end to end
  std::vector<size_t> route_ends_;
  absl::flat_hash_set<RouteId, BySet, BySet> route_ids_;
  std::vector<AgentEntry> agents_;
  absl::flat_hash_map<std::string, AgentId> agent_ids_;
  std::vector<std::string> targets_;
  absl::flat_hash_map<std::string, TargetId> target_ids_;
};

}  // namespace postwatch::collector
