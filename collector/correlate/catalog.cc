#include "collector/correlate/catalog.h"

#include <algorithm>

#include "absl/hash/hash.h"
#include "absl/types/span.h"

namespace postwatch::collector {

size_t Catalog::ByName::operator()(const ComponentRef& component) const {
  return absl::HashOf(component.kind, component.name);
}

size_t Catalog::BySet::operator()(Set components) const {
  return absl::HashOf(absl::MakeConstSpan(components.data(), components.size()));
}

bool Catalog::BySet::operator()(RouteId id, Set components) const {
  return std::ranges::equal(catalog->Crossed(id), components);
}

ComponentId Catalog::Component(const ComponentRef& component) {
  const auto it = component_ids_.find(component);
  if (it != component_ids_.end()) return *it;
  const auto id = static_cast<ComponentId>(components_.size());
  components_.push_back(component);
  kinds_.push_back(collector::KindOf(component.kind));
  component_ids_.insert(id);
  return id;
}

ComponentId Catalog::Find(const ComponentRef& component) const {
  const auto it = component_ids_.find(component);
  return it == component_ids_.end() ? kNoComponent : *it;
}

RouteId Catalog::Route(std::vector<ComponentId> components) {
  std::ranges::sort(components);
  components.erase(std::ranges::unique(components).begin(), components.end());
  const auto it = route_ids_.find(Set(components));
  if (it != route_ids_.end()) return *it;
  const auto id = static_cast<RouteId>(route_ends_.size());
  crossed_.insert(crossed_.end(), components.begin(), components.end());
  route_ends_.push_back(crossed_.size());
  route_ids_.insert(id);
  return id;
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
