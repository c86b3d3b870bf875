#include "collector/correlate/catalog.h"

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

AgentId Catalog::Agent(const Vantage& vantage) {
  const auto found = agent_ids_.find(vantage.agent);
  const std::string& network = vantage.network.empty() ? vantage.agent : vantage.network;
  if (found == agent_ids_.end()) {
    const auto id = static_cast<AgentId>(agents_.size());
    agent_ids_.emplace(vantage.agent, id);
    agents_.push_back({vantage.agent, vantage.region, network});
    return id;
  }
  AgentEntry& agent = agents_[found->second];
  if (agent.region != vantage.region) agent.region = vantage.region;
  if (agent.network != network) agent.network = network;
  return found->second;
}

TargetId Catalog::Target(const std::string& name) {
  const auto found = target_ids_.find(name);
  if (found != target_ids_.end()) return found->second;
  const auto id = static_cast<TargetId>(targets_.size());
  target_ids_.emplace(name, id);
  targets_.push_back(name);
  return id;
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
