#include "collector/topology/addition.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "common/base/text.h"

namespace postwatch::collector {
namespace {

constexpr std::array<std::pair<Plane, std::string_view>, 3> kPlaneWords = {{
    {Plane::kNames, "DNS checks"},
    {Plane::kMail, "SMTP, submission, IMAP and POP3 checks"},
    {Plane::kLetters, "round trips"},
}};

class Enumeration {
 public:
  Enumeration(const Coverage& coverage, std::span<const Reach> reaches)
      : coverage_(coverage), catalog_(coverage.catalog()), reaches_(reaches) {
    for (size_t i = 0; i < coverage.lanes().size(); ++i) {
      const Lane& lane = coverage.lanes()[i];
      by_agent_[lane.agent].push_back(i);
      const ComponentId provider = Find(lane, Kind::kProvider);
      if (provider != kNoComponent && lane.plane != Plane::kNames) {
        of_provider_[provider].push_back(i);
      }
      const ComponentId hoster = Find(lane, Kind::kDnsHoster);
      if (hoster != kNoComponent) of_hoster_[hoster].push_back(i);
    }
  }

  std::vector<Addition> Run() {
    AddOftener();
    AddZones();
    AddServices();
    AddAccounts();
    AddAgents();
    return std::move(found_);
  }

 private:
  ComponentId Find(const Lane& lane, Kind kind) const {
    for (const ComponentId id : lane.crossed) {
      if (catalog_.KindOf(id) == kind) return id;
    }
    return kNoComponent;
  }
  std::set<ComponentId> All(const std::vector<size_t>& lanes, Kind kind) const {
    std::set<ComponentId> all;
    for (const size_t i : lanes) {
      for (const ComponentId id : coverage_.lanes()[i].crossed) {
        if (catalog_.KindOf(id) == kind) all.insert(id);
      }
    }
    return all;
  }
  ComponentId New(size_t nth) const {
    return static_cast<ComponentId>(catalog_.component_count() + nth);
  }
  const std::string& Name(ComponentId id) const { return catalog_.Ref(id).name; }

  // The lane with components that `replaced` names replaced, kNoComponent: left out.
  NewLane Like(const Lane& lane, const std::map<ComponentId, ComponentId>& replaced) const {
    NewLane made{.plane = lane.plane, .per_minute = lane.per_minute};
    for (const ComponentId id : lane.crossed) {
      const auto other = replaced.find(id);
      const ComponentId now = other == replaced.end() ? id : other->second;
      if (now != kNoComponent) made.crossed.push_back(now);
    }
    return made;
  }

  void AddOftener() {
    for (const auto& [plane, words] : kPlaneWords) {
      found_.push_back({.kind = AdditionKind::kCheck,
                        .what = Concat("all ", words, " twice as often"),
                        .plane = plane,
                        .more_often = 2});
    }
  }

  // A hoster with one zone of ours is told from the zone by a second one, unless it is a provider's
  // own name servers.
  void AddZones() {
    for (const auto& [hoster, lanes] : of_hoster_) {
      const std::set<ComponentId> zones = All(lanes, Kind::kZone);
      if (zones.size() != 1) continue;
      Addition addition{.what = Concat("a DNS check of another zone at ", Name(hoster))};
      std::set<AgentId> done;
      for (const size_t i : lanes) {
        const Lane& lane = coverage_.lanes()[i];
        if (Find(lane, Kind::kNameServer) != kNoComponent || !done.insert(lane.agent).second) {
          continue;
        }
        if (Find(lane, Kind::kProvider) == kNoComponent) {
          addition.lanes.push_back(Like(lane, {{*zones.begin(), New(0)}}));
        }
      }
      if (!addition.lanes.empty()) found_.push_back(std::move(addition));
    }
  }

  // Where one service of a provider is watched, a second tells service from provider and front end.
  void AddServices() {
    for (const auto& [provider, lanes] : of_provider_) {
      const std::set<ComponentId> services = All(lanes, Kind::kService);
      if (services.size() != 1) continue;
      const bool has_account = !All(lanes, Kind::kAccount).empty();
      Addition addition{.kind = has_account ? AdditionKind::kCheck : AdditionKind::kAccount};
      addition.what = has_account
                          ? Concat("a check of a second service of ", Name(provider))
                          : Concat("an account at ", Name(provider), ", to check logins too");
      std::map<ComponentId, ComponentId> replaced = {{*services.begin(), New(0)}};
      for (const Kind kind : {Kind::kMx, Kind::kCertificate, Kind::kListed, Kind::kBlocklist,
                              Kind::kZone, Kind::kResolver}) {
        for (const ComponentId id : All(lanes, kind)) replaced[id] = kNoComponent;
      }
      for (const size_t i : lanes) {
        if (coverage_.lanes()[i].plane == Plane::kMail) {
          addition.lanes.push_back(Like(coverage_.lanes()[i], replaced));
        }
      }
      if (!addition.lanes.empty()) found_.push_back(std::move(addition));
    }
  }

  // With one account, its trouble and that of all logins look alike.
  void AddAccounts() {
    for (const auto& [provider, lanes] : of_provider_) {
      const std::set<ComponentId> accounts = All(lanes, Kind::kAccount);
      if (accounts.size() != 1) continue;
      Addition addition{.kind = AdditionKind::kAccount,
                        .what = Concat("a second account at ", Name(provider))};
      std::map<ComponentId, ComponentId> replaced = {{*accounts.begin(), New(0)}};
      size_t next = 1;
      for (const ComponentId id : All(lanes, Kind::kMailbox)) replaced[id] = New(next++);
      for (const size_t i : lanes) {
        const Lane& lane = coverage_.lanes()[i];
        if (Find(lane, Kind::kAccount) != kNoComponent) {
          addition.lanes.push_back(Like(lane, replaced));
        }
      }
      found_.push_back(std::move(addition));
    }
  }

  // One a region, that sees what its neighbour sees, through a network and a resolver of its own.
  void AddAgents() {
    std::map<std::string_view, AgentId> neighbours;
    std::map<std::string_view, std::set<std::string_view>> networks;
    for (const auto& [agent, lanes] : by_agent_) {
      const AgentEntry& entry = catalog_.AgentOf(agent);
      networks[entry.region].insert(entry.network);
      const auto [it, added] = neighbours.try_emplace(entry.region, agent);
      if (!added && by_agent_[it->second].size() < lanes.size()) it->second = agent;
    }
    for (const auto& [region, neighbour] : neighbours) {
      Addition addition{.kind = AdditionKind::kAgent,
                        .what = Concat("an agent in ", region, " on another network than ",
                                       Join(networks[region], ", ")),
                        .new_network = true};
      std::map<ComponentId, ComponentId> replaced;
      size_t next = 0;
      for (const Kind kind : {Kind::kAgent, Kind::kIsp, Kind::kPath, Kind::kResolver, Kind::kListed,
                              Kind::kBlocklist}) {
        for (const ComponentId id : All(by_agent_[neighbour], kind)) replaced[id] = New(next++);
      }
      for (const size_t i : by_agent_[neighbour]) {
        addition.lanes.push_back(Like(coverage_.lanes()[i], replaced));
      }
      found_.push_back(std::move(addition));
    }
  }

  const Coverage& coverage_;
  const Catalog& catalog_;
  std::span<const Reach> reaches_;
  std::map<AgentId, std::vector<size_t>> by_agent_;
  std::map<ComponentId, std::vector<size_t>> of_provider_, of_hoster_;
  std::vector<Addition> found_;
};

}  // namespace

std::vector<Addition> PossibleAdditions(const Coverage& coverage, std::span<const Reach> reaches) {
  return Enumeration(coverage, reaches).Run();
}

}  // namespace postwatch::collector
