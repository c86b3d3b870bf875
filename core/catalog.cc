#include "catalog.h"

#include <algorithm>

namespace postwatch::collector {

ComponentId Catalog::Component(const ComponentRef& component) {
  const auto [it, added] =
      component_ids_.try_emplace(component, static_cast<ComponentId>(components_.size()));
  if (added) {
    components_.push_back(component);
    kinds_.push_back(collector::KindOf(component.kind));
  }
  return it->second;
}

RouteId Catalog::Route(std::vector<ComponentId> components) {
  std::ranges::sort(components);
  components.erase(std::ranges::unique(components).begin(), components.end());
  const auto [it, added] =
      route_ids_.try_emplace(components, static_cast<RouteId>(route_ends_.size()));
  if (added) {
    crossed_.insert(crossed_.end(), components.begin(), components.end());
    route_ends_.push_back(crossed_.size());
  }
  return it->second;
}

AgentId Catalog::Agent(const AgentEntry& agent) {
  const auto [it, added] = agent_ids_.try_emplace(agent.name, static_cast<AgentId>(agents_.size()));
  if (added) agents_.push_back(agent);
  agents_[it->second] = agent;
  return it->second;
}

TargetId Catalog::Target(std::string_view name) {
  const auto [it, added] =
      target_ids_.try_emplace(std::string(name), static_cast<TargetId>(targets_.size()));
  if (added) targets_.emplace_back(name);
  return it->second;
}

std::span<const ComponentId> Catalog::Crossed(RouteId id) const {
  const size_t begin = id == 0 ? 0 : route_ends_[id - 1];
  return std::span(crossed_).subspan(begin, route_ends_[id] - begin);
}

bool Catalog::Crosses(RouteId route, ComponentId component) const {
  const std::span<const ComponentId> crossed = Crossed(route);
  return std::ranges::binary_search(crossed, component);
}

}  // namespace postwatch::collector
