#include "collector/topology/improvement.h"

#include <algorithm>
#include <array>
#include <map>

#include "collector/topology/addition.h"

namespace postwatch::collector {
namespace {

constexpr size_t kAtOneInFive = 2;  // of kFailingShares
constexpr size_t kMaxSplitTold = 8;
constexpr double kMinuteIsWorth = 1;  // pairs, per minute of the mean
constexpr double kLocalIsWorth = 0.05;
constexpr double kWorthHaving = 0.01;
constexpr std::array kCosts = {1.0, 2.0, 5.0};  // by AdditionKind

class Evaluation {
 public:
  Evaluation(const Coverage& coverage, std::span<const Reach> reaches,
             const std::vector<LookAlikes>& groups)
      : catalog_(coverage.catalog()),
        lanes_(coverage.lanes().size()),
        reaches_(reaches),
        fleet_(DiversityOf(coverage)),
        time_(coverage.noise()),
        pairs_(PairsOf(groups, catalog_)) {
    for (size_t i = 0; i < pairs_.size(); ++i) {
      pairs_with_[pairs_[i].a].push_back(i);
      pairs_with_[pairs_[i].b].push_back(i);
    }
    for (ComponentId id = 0; id < reaches_.size(); ++id) {
      if (!MayPage(catalog_.KindOf(id), reaches_[id], fleet_)) continue;
      ++pageable_;
      total_ += MinutesOf(id, reaches_[id]);
    }
  }

  Improvement Of(const Addition& addition) const {
    Improvement improvement{.kind = addition.kind, .what = addition.what};
    if (addition.more_often != 1) {
      TakeMoreOften(addition, improvement);
      return improvement;
    }
    std::map<ComponentId, Reach> changed = Change(addition);
    std::vector<size_t> touched;
    for (const auto& [id, reach] : changed) {
      const auto with = pairs_with_.find(id);
      if (with == pairs_with_.end()) continue;
      touched.insert(touched.end(), with->second.begin(), with->second.end());
    }
    std::ranges::sort(touched);
    touched.erase(std::ranges::unique(touched).begin(), touched.end());
    const auto now = [&](ComponentId id) -> const Reach& {
      const auto it = changed.find(id);
      return it == changed.end() ? reaches_[id] : it->second;
    };
    for (const size_t i : touched) {
      const Pair& pair = pairs_[i];
      if (Alike(now(pair.a), now(pair.b)) != 0) continue;
      ++(pair.any_real ? improvement.pairs : improvement.local_pairs);
      if (pair.any_real && improvement.split.size() < kMaxSplitTold) {
        improvement.split.push_back(pair);
      }
    }
    TakeTimes(changed, addition.new_network, improvement);
    return improvement;
  }

 private:
  double MinutesOf(ComponentId id, const Reach& reach) const {
    return std::min(EvidenceMinutes(),
                    time_.Minutes(catalog_.KindOf(id), reach.per_minute, kAtOneInFive));
  }

  // What the components that it touches would be seen by.
  std::map<ComponentId, Reach> Change(const Addition& addition) const {
    std::map<ComponentId, Reach> changed;
    uint64_t number = (lanes_ + 1) * 1024;  // beyond those in use
    for (const NewLane& lane : addition.lanes) {
      for (const ComponentId id : lane.crossed) {
        if (id >= reaches_.size()) continue;
        const auto [it, added] = changed.emplace(id, reaches_[id]);
        if (added && addition.new_network) {
          ++it->second.agents;
          ++it->second.networks;
        }
        it->second.per_minute[static_cast<size_t>(lane.plane)] +=
            static_cast<float>(lane.per_minute);
        AddMarks(catalog_.KindOf(id), lane.plane, number, it->second);
      }
      ++number;
    }
    return changed;
  }

  // The same runs, so no pair is told apart.
  void TakeMoreOften(const Addition& addition, Improvement& improvement) const {
    double total = 0;
    for (ComponentId id = 0; id < reaches_.size(); ++id) {
      if (!MayPage(catalog_.KindOf(id), reaches_[id], fleet_)) continue;
      Reach reach = reaches_[id];
      reach.per_minute[static_cast<size_t>(addition.plane)] *=
          static_cast<float>(addition.more_often);
      total += MinutesOf(id, reach);
    }
    SetMeans(total, improvement);
  }

  void SetMeans(double total, Improvement& improvement) const {
    const double count = std::max<double>(1, static_cast<double>(pageable_));
    improvement.before = total_ / count;
    improvement.after = total / count;
  }

  void TakeTimes(const std::map<ComponentId, Reach>& changed, bool new_network,
                 Improvement& improvement) const {
    Diversity fleet = fleet_;
    if (new_network) ++fleet.networks;
    double total = total_;
    for (const auto& [id, reach] : changed) {
      const Kind kind = catalog_.KindOf(id);
      if (MayPage(kind, reaches_[id], fleet_)) {
        total += MinutesOf(id, reach) - MinutesOf(id, reaches_[id]);
      } else if (MayPage(kind, reach, fleet)) {
        ++improvement.pageable;
      }
    }
    SetMeans(total, improvement);
  }

  const Catalog& catalog_;
  size_t lanes_;
  std::span<const Reach> reaches_;
  Diversity fleet_;
  DetectionTime time_;
  std::vector<Pair> pairs_;
  std::map<ComponentId, std::vector<size_t>> pairs_with_;
  size_t pageable_ = 0;
  double total_ = 0;  // minutes
};

double WorthOf(const Improvement& improvement) {
  return static_cast<double>(improvement.pairs + improvement.pageable) +
         static_cast<double>(improvement.local_pairs) * kLocalIsWorth +
         (improvement.before - improvement.after) * kMinuteIsWorth;
}

bool ShowsMore(const Improvement& improvement) {
  return improvement.pairs + improvement.pageable > 0;
}

}  // namespace

std::string_view AdditionName(AdditionKind kind) {
  constexpr std::array<std::string_view, 3> kNames = {"check", "account", "agent"};
  return kNames[static_cast<size_t>(kind)];
}

std::vector<Improvement> BestAdditions(const Coverage& coverage, std::span<const Reach> reaches,
                                       const std::vector<LookAlikes>& groups) {
  const Evaluation evaluation(coverage, reaches, groups);
  std::vector<Improvement> all;
  for (const Addition& addition : PossibleAdditions(coverage, reaches)) {
    Improvement improvement = evaluation.Of(addition);
    if (WorthOf(improvement) >= kWorthHaving) all.push_back(std::move(improvement));
  }
  // What only saves time comes after what shows more.
  std::ranges::stable_sort(all, std::greater(), [](const Improvement& improvement) {
    return std::pair(ShowsMore(improvement),
                     WorthOf(improvement) / kCosts[static_cast<size_t>(improvement.kind)]);
  });
  std::vector<Improvement> best;
  for (Improvement& improvement : all) {
    const auto same = std::ranges::find(best, improvement.kind, &Improvement::kind);
    if (same == best.end()) {
      best.push_back(std::move(improvement));
    } else if (ShowsMore(improvement)) {
      ++same->likewise;
    }
  }
  return best;
}

}  // namespace postwatch::collector
