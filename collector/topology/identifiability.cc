#include "collector/topology/identifiability.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <unordered_map>

#include "collector/correlate/thresholds.h"

namespace postwatch::collector {
namespace {

constexpr int kFailures = 10;       // of which one is named
constexpr size_t kMaxMembers = 64;  // of a group that pairs are counted of

constexpr auto kSilent = static_cast<size_t>(Manner::kSilent);

bool IsCompared(Kind kind) { return kind != Kind::kOther && kind != Kind::kAnchor; }

// How well such a component explains some failures of the manner: log odds, up to what all share.
double ScoreOf(Kind kind, const Reach& reach, Manner manner) {
  double best = -1e9;
  for (size_t p = 0; p < kPlanes; ++p) {
    const auto plane = static_cast<Plane>(p);
    if (reach.per_minute[p] <= 0) continue;
    Family family = FamilyIn(manner, plane);
    double expected = Expected(kind, plane, family);
    if (manner == Manner::kSilent) {
      expected = std::max(expected, Expected(kind, plane, Family::kLookupSilent));
    }
    if (expected <= 0) continue;
    double score = LogPrior(kind);
    for (int n = 0; n < kFailures; ++n) {
      score += std::log((n + kMixPriorWeight * expected) / (n + kMixPriorWeight));
    }
    best = std::max(best, score);
  }
  return best;
}

Manner FirstOf(Manners manners) {
  unsigned bit = 0;
  while ((manners >> bit & 1) == 0) ++bit;
  return static_cast<Manner>(bit);
}

class Finder {
 public:
  Finder(const Coverage& coverage, std::span<const Reach> reaches)
      : catalog_(coverage.catalog()), reaches_(reaches), fleet_(DiversityOf(coverage)) {}

  std::vector<LookAlikes> Run() {
    std::unordered_map<Mark, std::vector<ComponentId>> by_whole;
    for (ComponentId id = 0; id < reaches_.size(); ++id) {
      if (reaches_[id].whole != 0 && IsCompared(catalog_.KindOf(id))) {
        by_whole[reaches_[id].whole].push_back(id);
      }
    }
    std::map<std::vector<ComponentId>, Manners> sets;
    for (const auto& [whole, members] : by_whole) {
      if (members.size() > 1) Divide(members, sets);
    }
    std::vector<LookAlikes> groups;
    for (const auto& [members, manners] : sets) groups.push_back(Describe(members, manners));
    std::ranges::stable_sort(groups, [](const LookAlikes& a, const LookAlikes& b) {
      return std::pair(a.any_real, a.members.size()) > std::pair(b.any_real, b.members.size());
    });
    return groups;
  }

 private:
  void Divide(const std::vector<ComponentId>& members,
              std::map<std::vector<ComponentId>, Manners>& sets) const {
    for (size_t m = 0; m < kManners; ++m) {
      std::map<Mark, std::vector<ComponentId>> by_mark;
      for (const ComponentId id : members) {
        if (reaches_[id].shown[m] != 0) by_mark[reaches_[id].shown[m]].push_back(id);
      }
      for (auto& [mark, alike] : by_mark) {
        if (alike.size() > 1) sets[std::move(alike)] |= Bit(static_cast<Manner>(m));
      }
    }
  }

  LookAlikes Describe(const std::vector<ComponentId>& members, Manners manners) const {
    LookAlikes group{.members = members, .manners = manners, .named = members.front()};
    double best = -1e18;
    for (const ComponentId id : members) {
      const Kind kind = catalog_.KindOf(id);
      group.any_real = group.any_real || IsReal(kind);
      const double score = ScoreOf(kind, reaches_[id], FirstOf(manners));
      if (score <= best) continue;
      best = score;
      group.named = id;
    }
    group.pages = MayPage(catalog_.KindOf(group.named), reaches_[group.named], fleet_);
    return group;
  }

  const Catalog& catalog_;
  std::span<const Reach> reaches_;
  Diversity fleet_;
};

}  // namespace

Manners Alike(const Reach& a, const Reach& b) {
  Manners manners = 0;
  if (a.whole == 0 || a.whole != b.whole) return manners;
  for (size_t m = 0; m < kManners; ++m) {
    if (a.shown[m] != 0 && a.shown[m] == b.shown[m]) manners |= Bit(static_cast<Manner>(m));
  }
  return manners;
}

std::vector<LookAlikes> FindLookAlikes(const Coverage& coverage, std::span<const Reach> reaches) {
  return Finder(coverage, reaches).Run();
}

std::vector<Pair> PairsOf(const std::vector<LookAlikes>& groups, const Catalog& catalog) {
  std::set<std::pair<ComponentId, ComponentId>> known;
  std::vector<Pair> pairs;
  for (const LookAlikes& group : groups) {
    const size_t count = std::min(group.members.size(), kMaxMembers);
    for (size_t i = 0; i < count; ++i) {
      for (size_t j = i + 1; j < count; ++j) {
        const ComponentId a = group.members[i], b = group.members[j];
        if (!known.emplace(a, b).second) continue;
        pairs.push_back({a, b, IsReal(catalog.KindOf(a)) || IsReal(catalog.KindOf(b))});
      }
    }
  }
  return pairs;
}

std::vector<FewNetworks> SeenByFewNetworks(const Coverage& coverage, std::span<const Reach> reaches,
                                           const std::vector<LookAlikes>& groups) {
  const Catalog& catalog = coverage.catalog();
  const Diversity fleet = DiversityOf(coverage);
  const auto odds = [&](ComponentId id, ComponentId path) {
    return ScoreOf(catalog.KindOf(id), reaches[id], Manner::kSilent) -
           ScoreOf(Kind::kPath, reaches[path], Manner::kSilent) -
           kOneMorePath * (reaches[id].networks - 1);
  };
  std::map<ComponentId, ComponentId> named;
  for (const LookAlikes& group : groups) {
    if ((group.manners & Bit(Manner::kSilent)) == 0) continue;
    for (const ComponentId id : group.members) named[id] = group.named;
  }
  const auto name_of = [&](ComponentId id) {
    const auto as = named.find(id);
    return as == named.end() ? id : as->second;
  };
  const auto is_whole = [&](ComponentId id) {
    const Kind kind = catalog.KindOf(name_of(id));
    return kind == Kind::kService || kind == Kind::kProvider;
  };
  std::map<ComponentId, std::set<ComponentId>> paths;
  for (const Lane& lane : coverage.lanes()) {
    const auto path = std::ranges::find_if(
        lane.crossed, [&](ComponentId id) { return catalog.KindOf(id) == Kind::kPath; });
    if (path == lane.crossed.end()) continue;
    for (const ComponentId id : lane.crossed) {
      const bool pages =
          reaches[id].networks > 1 && MayPage(catalog.KindOf(id), reaches[id], fleet);
      if (pages && reaches[id].shown[kSilent] != 0 && odds(id, *path) < kRealOdds) {
        paths[id].insert(*path);
      }
    }
  }
  std::vector<FewNetworks> found;
  for (const auto& [id, ways] : paths) {
    Mark all = 0;
    for (const ComponentId path : ways) all += reaches[path].shown[kSilent];
    if (all == reaches[id].shown[kSilent] && !is_whole(id)) {
      found.push_back({id, odds(name_of(id), *ways.begin()) < kLikelierOdds});
    }
  }
  return found;
}

std::vector<ComponentId> NeverPaging(const Coverage& coverage, std::span<const Reach> reaches) {
  const Catalog& catalog = coverage.catalog();
  const Diversity fleet = DiversityOf(coverage);
  std::vector<ComponentId> found;
  for (ComponentId id = 0; id < reaches.size(); ++id) {
    const Kind kind = catalog.KindOf(id);
    if (!IsReal(kind)) continue;
    const bool spare = coverage.spares().contains(id) && reaches[id].whole == 0;
    if (spare || (reaches[id].whole != 0 && !MayPage(kind, reaches[id], fleet))) {
      found.push_back(id);
    }
  }
  return found;
}

}  // namespace postwatch::collector
