#include "collector/topology/reach.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>

namespace postwatch::collector {
namespace {

constexpr double kUsual = 0.10;  // of a fault's failures

struct MannerEntry {
  std::string_view name, words;
  Family family;
};

// In order of Manner.
constexpr std::array<MannerEntry, kManners> kTable = {{
    {"silent", "does not answer", Family::kSilent},
    {"refused", "refuses connections", Family::kRefused},
    {"reset", "cuts connections off", Family::kReset},
    {"unwell", "says that it is unwell", Family::kServer},
    {"lookup_failed", "fails lookups", Family::kLookupFailed},
    {"records", "answers with wrong records", Family::kRecords},
    {"certificate", "shows a bad certificate", Family::kCertificate},
    {"login", "rejects logins", Family::kLogin},
    {"login_temp", "cannot check logins", Family::kLoginTemp},
    {"mailbox", "says that the mailbox is full", Family::kMailbox},
    {"reputation", "rejects the sender's address", Family::kReputation},
    {"delivery", "does not deliver", Family::kDelivery},
    {"agent", "says that it is unwell itself", Family::kAgent},
}};

struct Usual {
  std::array<std::vector<Manner>, kPlanes> of_plane;
};

std::array<Usual, kKinds> MakeUsual() {
  std::array<Usual, kKinds> all;
  for (size_t k = 0; k < kKinds; ++k) {
    for (size_t p = 0; p < kPlanes; ++p) {
      for (size_t m = 0; m < kManners; ++m) {
        const auto manner = static_cast<Manner>(m);
        const auto plane = static_cast<Plane>(p);
        double share = Expected(static_cast<Kind>(k), plane, kTable[m].family);
        if (manner == Manner::kSilent) {
          share = std::max(share, Expected(static_cast<Kind>(k), plane, Family::kLookupSilent));
        }
        if (share >= kUsual) all[k].of_plane[p].push_back(manner);
      }
    }
  }
  return all;
}

// Silence of a server and of a name server on the same run are two things.
bool LooksUp(Kind kind, Plane plane) {
  return Expected(kind, plane, Family::kLookupSilent) > Expected(kind, plane, Family::kSilent);
}

uint64_t Mix(uint64_t x) {  // splitmix64
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

// Where agents stand, as small numbers.
class Places {
 public:
  explicit Places(const Catalog& catalog) {
    std::map<std::string_view, uint32_t> networks, regions;
    for (AgentId agent = 0; agent < catalog.agent_count(); ++agent) {
      const AgentEntry& entry = catalog.AgentOf(agent);
      const auto number = [](std::map<std::string_view, uint32_t>& names, std::string_view name) {
        return names.try_emplace(name, static_cast<uint32_t>(names.size())).first->second;
      };
      networks_.push_back(number(networks, entry.network));
      regions_.push_back(number(regions, entry.region));
    }
  }

  uint32_t Networks(const std::vector<AgentId>& agents) const { return Count(agents, networks_); }
  uint32_t Regions(const std::vector<AgentId>& agents) const { return Count(agents, regions_); }

 private:
  static uint32_t Count(const std::vector<AgentId>& agents, const std::vector<uint32_t>& places) {
    if (agents.size() < 2) return static_cast<uint32_t>(agents.size());
    std::vector<bool> seen(places.size());
    uint32_t count = 0;
    for (const AgentId agent : agents) {
      if (!seen[places[agent]]) ++count;
      seen[places[agent]] = true;
    }
    return count;
  }

  std::vector<uint32_t> networks_, regions_;
};

}  // namespace

std::string_view MannerWords(Manner manner) { return kTable[static_cast<size_t>(manner)].words; }
std::string_view MannerName(Manner manner) { return kTable[static_cast<size_t>(manner)].name; }

Family FamilyIn(Manner manner, Plane plane) {
  if (manner == Manner::kSilent && plane == Plane::kNames) return Family::kLookupSilent;
  return kTable[static_cast<size_t>(manner)].family;
}

void AddMarks(Kind kind, Plane plane, uint64_t number, Reach& reach) {
  static const std::array<Usual, kKinds> kUsually = MakeUsual();
  const std::vector<Manner>& manners =
      kUsually[static_cast<size_t>(kind)].of_plane[static_cast<size_t>(plane)];
  if (manners.empty()) return;
  reach.whole += Mix(number * 2);
  const Mark shown = Mix(number * 2 + 1);
  const bool looks_up = LooksUp(kind, plane);
  for (const Manner manner : manners) {
    const bool other = manner == Manner::kSilent && looks_up;
    reach.shown[static_cast<size_t>(manner)] += other ? Mix(shown) : shown;
  }
}

std::vector<Reach> ReachOf(const Coverage& coverage) {
  const Catalog& catalog = coverage.catalog();
  std::vector<Reach> reaches(catalog.component_count());
  std::vector<std::vector<AgentId>> agents(reaches.size());
  uint64_t number = 1;
  for (const Lane& lane : coverage.lanes()) {
    for (const ComponentId id : lane.crossed) {
      reaches[id].per_minute[static_cast<size_t>(lane.plane)] +=
          static_cast<float>(lane.per_minute);
      if (agents[id].empty() || agents[id].back() != lane.agent) agents[id].push_back(lane.agent);
    }
    const auto mark = [&](const std::vector<ComponentId>& stretch) {
      for (const ComponentId id : stretch) {
        AddMarks(catalog.KindOf(id), lane.plane, number, reaches[id]);
      }
      ++number;
    };
    if (lane.stretches.empty()) mark(lane.crossed);
    for (const std::vector<ComponentId>& stretch : lane.stretches) mark(stretch);
  }
  const Places places(catalog);
  for (size_t id = 0; id < reaches.size(); ++id) {
    reaches[id].agents = static_cast<uint32_t>(agents[id].size());
    reaches[id].networks = places.Networks(agents[id]);
    reaches[id].regions = places.Regions(agents[id]);
    if (!agents[id].empty()) reaches[id].agent = agents[id].front();
  }
  return reaches;
}

Diversity DiversityOf(const Coverage& coverage) {
  const Catalog& catalog = coverage.catalog();
  std::set<std::string_view> networks, regions;
  for (AgentId agent = 0; agent < catalog.agent_count(); ++agent) {
    networks.insert(catalog.AgentOf(agent).network);
    regions.insert(catalog.AgentOf(agent).region);
  }
  return {static_cast<uint32_t>(catalog.agent_count()), static_cast<uint32_t>(regions.size()),
          static_cast<uint32_t>(networks.size())};
}

bool MayPage(Kind kind, const Reach& reach, const Diversity& fleet) {
  if (!IsReal(kind) || reach.whole == 0) return false;
  if (IsOfOneAgent(kind) || fleet.IsSingleVantage()) return true;
  if (reach.agents < 2) return false;
  return fleet.networks < 2 ? reach.regions >= 2 : reach.networks >= 2;
}

}  // namespace postwatch::collector
