#include "collector/correlate/attribution.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "collector/correlate/thresholds.h"

namespace postwatch::collector {
namespace {

constexpr double kWorthALook = 4.0;    // nats of a sum, before its prior
constexpr double kWorthPicking = 2.0;  // log odds
constexpr size_t kMaxPicks = 48;
constexpr double kTemperature = 2.0;  // evidence of one minute is not independent
constexpr double kOneMoreWay = -3.0;  // of one agent: what is said of its network may be wrong
constexpr double kOneMoreAgent = -4.0;
constexpr double kOneMoreService = -3.0;  // one program often serves two
constexpr double kOneMoreName = -3.0;     // of a shared thing, whatever the labels say
constexpr double kInPart = 0.6;           // share
constexpr size_t kMaxParts = 2;
constexpr double kBetterInParts = 2.0, kBetterTogether = 2.0;  // nats
constexpr int kMaxRounds = 4;
constexpr double kUnbounded = 1e9, kNever = -1e9;
constexpr double kWorthALocal = 0.5;
constexpr size_t kMaxLocals = 64;
constexpr size_t kHardlyAnybody = 8;  // one of so many

class Search {
 public:
  Search(const Catalog& catalog, const Suspicions& suspicions, std::vector<ComponentId> candidates,
         const std::set<ComponentId>& known,
         const std::function<bool(const FailureRecord&)>& excused)
      : catalog_(catalog),
        known_(known),
        candidates_(std::move(candidates)),
        model_(catalog, suspicions, candidates_),
        noise_(model_.Noise()) {
    for (size_t i = 0; i < noise_.size(); ++i) {
      if (excused(model_.FailureAt(i))) noise_[i] = 1;
    }
  }

  // What local faults explain better is left out, for it to explain nothing away, and all is
  // weighed again.
  std::vector<Suspect> Run() {
    std::vector<Suspect> suspects;
    for (int round = 0; round < kMaxRounds; ++round) {
      const std::vector<Fit> picks = Divide(Unite(PickAll()).picks);
      suspects.clear();
      for (const Fit& pick : picks) suspects.push_back(Examine(pick, picks));
      const Suspect* least = LeastReal(suspects);
      if (least == nullptr) break;
      std::erase(candidates_, least->id);
    }
    return suspects;
  }

 private:
  double PriorOf(ComponentId id) const {
    const Kind kind = catalog_.KindOf(id);
    return IsReal(kind) && known_.contains(id) ? 0 : LogPrior(kind);
  }

  // Greedily, the likeliest first, explaining failures away in `beliefs`. `prior` may depend on
  // what was picked before. A fit that was looked at earlier is an upper bound, as failures are
  // only explained away.
  template <class Prior, class Picked>
  std::vector<Fit> Pick(std::map<ComponentId, double> bounds, double enough, size_t most,
                        Beliefs& beliefs, Prior prior, Picked picked) const {
    std::vector<Fit> picks;
    while (picks.size() < most) {
      std::vector<std::pair<double, ComponentId>> order;
      for (const auto& [id, bound] : bounds) order.emplace_back(-(bound + prior(id)), id);
      std::ranges::sort(order);
      Fit best{.gain = -1e9};
      double best_score = enough;
      for (const auto& [bound, id] : order) {
        if (-bound <= best_score) break;
        const Fit fit = model_.Of(id, beliefs);
        bounds[id] = fit.gain;
        if (fit.gain + prior(id) <= best_score) continue;
        best = fit;
        best_score = fit.gain + prior(id);
      }
      if (best.gain < 0) break;
      picks.push_back(best);
      bounds.erase(best.id);
      picked(best.id, best_score);
      std::erase_if(bounds, [&](const auto& entry) { return entry.second <= 0; });
      model_.Explain(best, beliefs);
    }
    return picks;
  }

  // A set of faults, and how much better it explains what is seen than chance.
  struct Explanation {
    std::vector<Fit> picks;
    double total = 0;
  };

  Explanation PickAll() const { return Continue({}, noise_); }

  Explanation Continue(Explanation begun, Beliefs beliefs) const {
    std::map<ComponentId, double> bounds;
    for (const ComponentId id : candidates_) bounds[id] = kUnbounded;
    for (const Fit& pick : begun.picks) bounds.erase(pick.id);
    const std::vector<Fit> more = Pick(
        std::move(bounds), kWorthPicking, kMaxPicks, beliefs,
        [this](ComponentId id) { return PriorOf(id); },
        [&](ComponentId, double score) { begun.total += score; });
    begun.picks.insert(begun.picks.end(), more.begin(), more.end());
    return begun;
  }

  // What fails beside something shared may depend on it too, though the labels say otherwise.
  Explanation Unite(Explanation usual) const {
    for (const Fit& shared : std::vector(usual.picks)) {
      const Kind kind = catalog_.KindOf(shared.id);
      if (kind != Kind::kDnsHoster && kind != Kind::kDataCentre) continue;
      Beliefs beliefs = noise_;
      Explanation together{.picks = {shared}, .total = shared.gain + PriorOf(shared.id)};
      model_.Explain(shared, beliefs);
      double of_parts = 0;
      for (const ComponentId id : candidates_) {
        if (!IsPartOf(kind, catalog_.KindOf(id))) continue;
        const Fit fit = model_.Of(id, beliefs);
        const double score = fit.gain + std::max(PriorOf(id), kOneMoreName);
        if (score < kWorthPicking) continue;
        together.picks.push_back(fit);
        together.total += score;
        of_parts += fit.gain;
        model_.Explain(fit, beliefs);
      }
      // Most of it is labelled rightly; else it is something else that they share.
      if (together.picks.size() < 2 || of_parts > shared.gain) continue;
      together = Continue(std::move(together), std::move(beliefs));
      if (together.total > usual.total + kBetterTogether) usual = std::move(together);
    }
    return usual;
  }

  static bool IsPartOf(Kind shared, Kind kind) {
    return shared == Kind::kDnsHoster ? kind == Kind::kZone : kind == Kind::kSite;
  }

  // The real one that local faults explain best, if they explain it better. None when it is the
  // only one: nothing else hangs on it.
  const Suspect* LeastReal(const std::vector<Suspect>& suspects) const {
    const Suspect* least = nullptr;
    int real = 0;
    for (const Suspect& suspect : suspects) {
      if (!IsReal(suspect.kind) || IsOfOneAgent(suspect.kind)) continue;
      ++real;
      if (known_.contains(suspect.id) || suspect.odds >= 0) continue;
      if (least == nullptr || suspect.odds < least->odds) least = &suspect;
    }
    return real > 1 ? least : nullptr;
  }

  // Where what is picked fails only in part, parts of it that fail wholly may explain it better:
  // two services of one host, of which the third is well.
  std::vector<Fit> Divide(const std::vector<Fit>& picks) {
    std::vector<Fit> divided;
    for (const Fit& pick : picks) {
      std::vector<Fit> parts;
      if (IsWhole(catalog_.KindOf(pick.id))) parts = PartsOf(pick, picks);
      if (parts.empty()) parts.push_back(pick);
      divided.insert(divided.end(), parts.begin(), parts.end());
    }
    return divided;
  }

  static bool IsWhole(Kind kind) {
    return kind == Kind::kSite || kind == Kind::kProvider || kind == Kind::kDataCentre;
  }

  // Empty when the whole is the better explanation.
  std::vector<Fit> PartsOf(const Fit& whole, const std::vector<Fit>& picks) {
    Beliefs others = noise_;
    std::map<ComponentId, double> bounds, priors;
    for (const ComponentId id : candidates_) {
      const Kind kind = catalog_.KindOf(id);
      if (IsReal(kind) && !IsWhole(kind)) bounds[id] = kUnbounded;
      priors[id] = LogPrior(kind);
    }
    for (const Fit& other : picks) {
      if (other.id == whole.id) continue;
      model_.Explain(other, others);
      bounds.erase(other.id);
    }
    double total = 0;
    const auto picked = [&](ComponentId pick, double score) {
      total += score;
      if (catalog_.KindOf(pick) != Kind::kService) return;
      for (auto& [id, prior] : priors) {
        if (catalog_.KindOf(id) == Kind::kService) prior = std::max(prior, kOneMoreService);
      }
    };
    Beliefs beliefs = others;
    std::vector<Fit> parts = Pick(
        std::move(bounds), kWorthPicking, kMaxPicks, beliefs,
        [&](ComponentId id) { return priors[id]; }, picked);
    const double as_whole = model_.Of(whole.id, others).gain + LogPrior(catalog_.KindOf(whole.id));
    const bool hard =
        std::ranges::all_of(parts, [](const Fit& part) { return part.share > kInPart; });
    if (!hard || parts.size() > kMaxParts || total < as_whole + kBetterInParts) parts.clear();
    return parts;
  }

  Suspect Examine(const Fit& pick, const std::vector<Fit>& picks) {
    Beliefs others = noise_;
    for (const Fit& other : picks) {
      if (other.id != pick.id) model_.Explain(other, others);
    }
    Suspect suspect{.id = pick.id, .kind = catalog_.KindOf(pick.id)};
    suspect.fit = model_.Of(pick.id, others);
    suspect.gain = suspect.fit.gain + PriorOf(pick.id);
    suspect.bounded = suspect.fit.bounded + PriorOf(pick.id);
    suspect.passes = model_.PassesOf(suspect.fit);
    const std::vector<size_t> mine = model_.FailuresOf(suspect.fit, others);
    std::vector<double> began;
    for (const size_t failure : mine) {
      suspect.failures.push_back(model_.IdOf(failure));
      began.push_back(model_.FailureAt(failure).reading.began);
    }
    std::ranges::sort(began);
    if (!began.empty()) {
      suspect.began = std::min(began.front(), model_.OnsetOf(suspect.fit));
      suspect.newest = began.back();
      // The first one may have been chance.
      suspect.span = began.back() - began[std::min<size_t>(1, began.size() - 1)];
      // Of a large fleet only the latest are looked at, which may be those of some seconds.
      if (model_.IsCutShort(suspect.fit)) suspect.span = suspect.newest - suspect.began;
    }
    nobody_through_ = SeesNobodyThrough(suspect.kind, suspect.fit);
    FindRivals(suspect, mine, picks, others);
    const double local = IsReal(suspect.kind) ? BestLocal(suspect, others) : 0;
    suspect.odds = suspect.gain - local;
    ShareConfidence(suspect, local);
    return suspect;
  }

  void FindRivals(Suspect& suspect, const std::vector<size_t>& mine, const std::vector<Fit>& picks,
                  const Beliefs& others) {
    std::vector<bool> is_mine(model_.failure_count());
    for (const size_t failure : mine) is_mine[failure] = true;
    for (const ComponentId id : candidates_) {
      if (std::ranges::any_of(picks, [&](const Fit& p) { return p.id == id; })) continue;
      if (model_.CountExplicable(id, is_mine) * 2 < mine.size()) continue;
      const Fit fit = model_.Of(id, others);
      const double gain = fit.gain + PriorOf(id);
      if (gain <= 0) continue;
      suspect.rivals.push_back({id, gain});
      const bool looked = fit.agents * 4 >= catalog_.agent_count() * 3;
      nobody_through_ = nobody_through_ || (looked && SeesNobodyThrough(catalog_.KindOf(id), fit));
    }
    std::ranges::sort(suspect.rivals, [](const Rival& a, const Rival& b) {
      return std::tie(b.gain, a.id) < std::tie(a.gain, b.id);
    });
  }

  // Whether a service that everybody can see is failing for hardly less than everybody.
  static bool SeesNobodyThrough(Kind kind, const Fit& fit) {
    const bool seen_by_all = kind == Kind::kService || kind == Kind::kProvider;
    return seen_by_all && fit.against * kHardlyAnybody <= fit.agents;
  }

  // The best that faults of agents, networks, paths and resolvers can do without the suspect. What
  // is said of the agents' networks may be wrong: then it is one path and the ways of some agents.
  double BestLocal(const Suspect& suspect, const Beliefs& beliefs) {
    const Local many = LocalFaults(suspect, beliefs, IsLocal, kOneMorePath);
    const auto path = [](Kind kind) { return kind == Kind::kPath; };
    const Local paths = LocalFaults(suspect, beliefs, path, kOneMorePath);
    const Local one = LocalFaults(suspect, beliefs, path, kNever);
    return std::max({many.total, paths.total, one.total});
  }

  struct Local {
    double total = 0;
    int paths = 0;
  };

  // Of these kinds. `one_more_path`: to a provider, after the first one.
  Local LocalFaults(const Suspect& suspect, Beliefs beliefs, bool (*of)(Kind),
                    double one_more_path) const {
    std::map<ComponentId, double> bounds, priors;
    for (const ComponentId id : candidates_) {
      if (!of(catalog_.KindOf(id))) continue;
      bounds[id] = kUnbounded;
      priors[id] = LogPrior(catalog_.KindOf(id));
    }
    Local local;
    // Such faults come together: each one after the first is less of a surprise.
    const auto picked = [&](ComponentId pick, double score) {
      local.total += score;
      const Kind kind = catalog_.KindOf(pick);
      if (kind == Kind::kPath) ++local.paths;
      for (auto& [id, prior] : priors) {
        if (catalog_.KindOf(id) != kind) continue;
        if (kind == Kind::kAgent) prior = std::max(prior, kOneMoreAgent);
        if (kind == Kind::kPath && !nobody_through_ &&
            ProviderOfPath(catalog_.Ref(id)) == ProviderOfPath(catalog_.Ref(pick))) {
          prior = one_more_path;
        }
      }
    };
    Pick(
        std::move(bounds), kWorthALocal, kMaxLocals, beliefs,
        [&](ComponentId id) { return priors[id]; }, picked);
    if (local.paths > 0 && !nobody_through_) {
      for (const double gain : model_.GainsByAgent(suspect.fit, Kind::kPath, beliefs)) {
        local.total += std::max(0.0, gain + kOneMoreWay);
      }
    }
    return local;
  }

  // Among the suspect, its rivals, local faults and chance.
  static void ShareConfidence(Suspect& suspect, double local) {
    double highest = std::max({suspect.gain, local, 0.0});
    for (const Rival& rival : suspect.rivals) highest = std::max(highest, rival.gain);
    const auto weight = [&](double gain) { return std::exp((gain - highest) / kTemperature); };
    double total = weight(suspect.gain) + weight(0) + weight(local);
    for (const Rival& rival : suspect.rivals) total += weight(rival.gain);
    suspect.confidence = weight(suspect.gain) / total;
    for (Rival& rival : suspect.rivals) rival.confidence = weight(rival.gain) / total;
  }

  const Catalog& catalog_;
  const std::set<ComponentId>& known_;
  std::vector<ComponentId> candidates_;
  Model model_;
  Beliefs noise_;                // when nothing is wrong
  bool nobody_through_ = false;  // to the provider of the suspect: no trouble of some of its paths
};

}  // namespace

std::vector<Suspect> Attribute(const Catalog& catalog, const Suspicions& suspicions,
                               const std::set<ComponentId>& known,
                               const std::function<bool(const FailureRecord&)>& excused) {
  std::vector<ComponentId> candidates;
  bool any = false;
  for (const ComponentId id : suspicions.active()) {
    const double highest = suspicions.Of(id).Highest();
    if (highest < kWorthALook) continue;
    candidates.push_back(id);
    any = any || highest + LogPrior(catalog.KindOf(id)) > 0 || known.contains(id);
  }
  if (!any) return {};
  return Search(catalog, suspicions, std::move(candidates), known, excused).Run();
}

}  // namespace postwatch::collector
