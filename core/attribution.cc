#include "attribution.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace postwatch::collector {
namespace {

constexpr double kWorthALook = 4.0;    // nats of a sum, before its prior
constexpr double kWorthPicking = 2.0;  // log odds
constexpr size_t kMaxPicks = 16;
constexpr double kTemperature = 2.0;  // evidence of one minute is not independent
// A fault between some networks and one provider takes one more of them with it.
constexpr double kOneMorePath = -2.5;
constexpr double kOneMoreAgent = -4.0;

class Search {
 public:
  Search(const Catalog& catalog, const Suspicions& suspicions,
         std::vector<ComponentId> candidates, const Known& known)
      : catalog_(catalog),
        known_(known),
        candidates_(std::move(candidates)),
        model_(catalog, suspicions, candidates_) {}

  std::vector<Suspect> Run() {
    const std::vector<Fit> picks = PickAll();
    std::vector<Suspect> suspects;
    for (const Fit& pick : picks) suspects.push_back(Examine(pick, picks));
    return suspects;
  }

 private:
  double PriorOf(ComponentId id) const {
    return known_.open.contains(id) ? 0 : LogPrior(catalog_.KindOf(id));
  }

  std::vector<Fit> PickAll() {
    Beliefs beliefs = model_.Noise();
    std::vector<Fit> picks;
    std::map<ComponentId, double> stale;  // upper bounds, as failures are only explained away
    for (const ComponentId id : candidates_) stale[id] = 1e9;
    while (picks.size() < kMaxPicks) {
      std::vector<std::pair<double, ComponentId>> order;
      for (const auto& [id, bound] : stale) order.emplace_back(-bound, id);
      std::ranges::sort(order);
      Fit best{.gain = -1e9};
      double best_score = kWorthPicking;
      for (const auto& [bound, id] : order) {
        if (-bound <= best_score) break;
        const Fit fit = model_.Of(id, beliefs);
        const double score = fit.gain + PriorOf(id);
        stale[id] = score;
        if (score > best_score) {
          best = fit;
          best_score = score;
        }
      }
      if (best.gain < 0) break;
      picks.push_back(best);
      stale.erase(best.id);
      model_.Explain(best, beliefs);
    }
    return picks;
  }

  Suspect Examine(const Fit& pick, const std::vector<Fit>& picks) {
    Beliefs others = model_.Noise();
    for (const Fit& other : picks) {
      if (other.id != pick.id) model_.Explain(other, others);
    }
    Suspect suspect{.id = pick.id, .kind = catalog_.KindOf(pick.id)};
    suspect.fit = model_.Of(pick.id, others);
    suspect.gain = suspect.fit.gain + PriorOf(pick.id);
    suspect.bounded = suspect.fit.bounded + PriorOf(pick.id);
    suspect.passes = model_.PassesOf(suspect.fit);
    const std::vector<size_t> mine = model_.FailuresOf(suspect.fit, others);
    suspect.began = 1e18;
    for (const size_t failure : mine) {
      suspect.failures.push_back(model_.IdOf(failure));
      const Reading& reading = model_.FailureAt(failure).reading;
      suspect.began = std::min(suspect.began, reading.began);
      suspect.newest = std::max(suspect.newest, reading.began);
    }
    FindRivals(suspect, mine, picks, others);
    const double local = IsReal(suspect.kind) ? std::max(0.0, BestLocal(suspect, others)) : 0;
    suspect.odds = suspect.gain - local;
    suspect.confidence = ConfidenceIn(suspect, local);
    return suspect;
  }

  void FindRivals(Suspect& suspect, const std::vector<size_t>& mine, const std::vector<Fit>& picks,
                  const Beliefs& others) {
    std::vector<bool> is_mine(model_.failure_count());
    for (const size_t failure : mine) is_mine[failure] = true;
    for (const ComponentId id : candidates_) {
      if (std::ranges::any_of(picks, [&](const Fit& p) { return p.id == id; })) continue;
      if (model_.CountExplicable(id, is_mine) * 2 < mine.size()) continue;
      const double gain = model_.Of(id, others).gain + PriorOf(id);
      if (gain > 0) suspect.rivals.push_back({id, gain});
    }
    std::ranges::sort(suspect.rivals, [](const Rival& a, const Rival& b) {
      return std::tie(b.gain, a.id) < std::tie(a.gain, b.id);
    });
  }

  // The best that faults of agents, networks, paths and resolvers can do without the suspect.
  double BestLocal(const Suspect& suspect, Beliefs beliefs) {
    double total = 0;
    std::set<ComponentId> used;
    std::map<std::string, int> paths;  // by provider
    int agents = 0;
    for (size_t round = 0; round < 64; ++round) {
      Fit best;
      double best_score = 0.5;
      for (const ComponentId id : candidates_) {
        const Kind kind = catalog_.KindOf(id);
        if (!IsLocal(kind) || used.contains(id)) continue;
        const Fit fit = model_.Of(id, beliefs);
        double prior = PriorOf(id);
        if (kind == Kind::kPath && paths[ProviderOf(id)] > 0) prior = std::max(prior, kOneMorePath);
        if (kind == Kind::kAgent && agents > 0) prior = std::max(prior, kOneMoreAgent);
        if (fit.gain + prior > best_score) {
          best_score = fit.gain + prior;
          best = fit;
        }
      }
      if (best_score <= 0.5) break;
      total += best_score;
      used.insert(best.id);
      if (catalog_.KindOf(best.id) == Kind::kPath) ++paths[ProviderOf(best.id)];
      if (catalog_.KindOf(best.id) == Kind::kAgent) ++agents;
      model_.Explain(best, beliefs);
    }
    (void)suspect;
    return total;
  }

  std::string ProviderOf(ComponentId path) const {
    const std::string& name = catalog_.Ref(path).name;
    return name.substr(name.find('>') + 1);
  }

  static double ConfidenceIn(const Suspect& suspect, double local) {
    double total = 1 + std::exp(-suspect.gain / kTemperature) +
                   std::exp((local - suspect.gain) / kTemperature);
    for (const Rival& rival : suspect.rivals) {
      total += std::exp((rival.gain - suspect.gain) / kTemperature);
    }
    return 1 / total;
  }

  const Catalog& catalog_;
  const Known& known_;
  std::vector<ComponentId> candidates_;
  Model model_;
};

}  // namespace

std::vector<Suspect> Attribute(const Catalog& catalog, const Suspicions& suspicions,
                               const Known& known) {
  std::vector<ComponentId> candidates;
  bool any = false;
  for (const ComponentId id : suspicions.active()) {
    const double highest = suspicions.Of(id).Highest();
    if (highest < kWorthALook) continue;
    candidates.push_back(id);
    any = any || highest + LogPrior(catalog.KindOf(id)) > 0 || known.open.contains(id);
  }
  if (!any) return {};
  return Search(catalog, suspicions, std::move(candidates), known).Run();
}

}  // namespace postwatch::collector
