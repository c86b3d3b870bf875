// Catalog: gives agents, components and routes small numbers and remembers what they stand for.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "collector/correlate/reading.h"
#include "common/model/component.h"
#include "common/model/vantage.h"

namespace postwatch::collector {

struct AgentEntry {
  std::string name, region, network;
};

class Catalog {
 public:
  ComponentId Component(const ComponentRef& component);
  // The set of these components, in any order; each once.
  RouteId Route(std::vector<ComponentId> components);
  // An agent without a network is one of its own.
  AgentId Agent(const Vantage& vantage);
  TargetId Target(const std::string& name);

  const ComponentRef& Ref(ComponentId id) const { return components_[id]; }
  Kind KindOf(ComponentId id) const { return kinds_[id]; }
  // Sorted.
  std::span<const ComponentId> Crossed(RouteId id) const;
  bool Crosses(RouteId route, ComponentId component) const;
  const AgentEntry& AgentOf(AgentId id) const { return agents_[id]; }
  const std::string& TargetName(TargetId id) const { return targets_[id]; }

  size_t component_count() const { return components_.size(); }
  size_t agent_count() const { return agents_.size(); }
  size_t target_count() const { return targets_.size(); }

 private:
  std::vector<ComponentRef> components_;
  std::vector<Kind> kinds_;
  std::map<ComponentRef, ComponentId> component_ids_;
  std::vector<ComponentId> crossed_;  // of all routes, end to end
  std::vector<size_t> route_ends_;
  std::map<std::vector<ComponentId>, RouteId> route_ids_;
  std::vector<AgentEntry> agents_;
  std::unordered_map<std::string, AgentId> agent_ids_;
  std::vector<std::string> targets_;
  std::unordered_map<std::string, TargetId> target_ids_;
};

}  // namespace postwatch::collector
