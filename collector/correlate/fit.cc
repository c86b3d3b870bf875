#include "collector/correlate/fit.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "collector/correlate/thresholds.h"

namespace postwatch::collector {
namespace {

constexpr double kExplained = 0.25;    // a failure as likely as this earns nobody anything
constexpr size_t kMaxItems = 1500;     // of one component
constexpr double kBoundOfAgent = 12;   // nats: one agent in 160,000 says what it likes
constexpr double kPartialReach = 2.0;  // nats that "only some agents are hit" costs
constexpr std::array kReaches = {0.6, 0.25};

// Whether a fault may hit a fixed part of the agents: behind many addresses, front ends or caches.
bool MayHitSome(Kind kind) { return IsReal(kind) && !IsOfOneAgent(kind); }

}  // namespace

std::string ProviderOfPath(const ComponentRef& path) {
  return path.name.substr(path.name.find('>') + 1);
}

Model::Model(const Catalog& catalog, const Suspicions& suspicions,
             const std::vector<ComponentId>& candidates)
    : catalog_(catalog), suspicions_(suspicions), candidates_(candidates) {
  std::ranges::sort(candidates_);
  std::vector<int32_t> place(suspicions.log().end() - suspicions.log().begin(), -1);
  items_.resize(candidates_.size());
  const double oldest = Oldest();
  for (size_t c = 0; c < candidates_.size(); ++c) {
    const Kind kind = catalog.KindOf(candidates_[c]);
    std::vector<Item>& items = items_[c];
    for (const Clue& clue : suspicions.Of(candidates_[c]).clues) {
      if (clue.ended < oldest) continue;
      if (clue.failure == kNoFailure) {
        items.push_back({clue.ended, clue.agent, -1, 0, false});
        continue;
      }
      const FailureRecord& failure = suspicions.log().At(clue.failure);
      int32_t& index = place[clue.failure - suspicions.log().begin()];
      if (index < 0) {
        index = static_cast<int32_t>(failures_.size());
        failures_.push_back(clue.failure);
      }
      items.push_back({clue.ended, clue.agent, index, 0,
                       CanCause(kind, failure.reading.plane, failure.reading.family)});
    }
  }
  FitMixes();
  scratch_.by_agent.resize(catalog.agent_count());
}

// The latest clues are enough; the same time for all, for them to be comparable.
double Model::Oldest() const {
  double oldest = -1e18;
  for (const ComponentId id : candidates_) {
    const std::vector<Clue>& clues = suspicions_.Of(id).clues;
    if (clues.size() > kMaxItems) {
      oldest = std::max(oldest, clues[clues.size() - kMaxItems].ended);
    }
  }
  return oldest;
}

// What a fault looks like is not known beforehand: the mix is fitted to what is seen, within what
// the component can cause, each failure by those before it. `items` by time.
void Model::FitMix(Kind kind, const std::vector<Item*>& items) const {
  std::array<std::array<double, kFamilies>, kPlanes> seen{};
  std::array<double, kPlanes> total{};
  for (Item* item : items) {
    if (item->failure < 0) continue;
    const Reading& reading = FailureAt(static_cast<size_t>(item->failure)).reading;
    const double expected = Expected(kind, reading.plane, reading.family);
    item->expected = static_cast<float>(expected);
    if (!item->possible) continue;
    const auto plane = static_cast<size_t>(reading.plane);
    double& count = seen[plane][static_cast<size_t>(reading.family)];
    item->expected =
        static_cast<float>((count + kMixPriorWeight * expected) / (total[plane] + kMixPriorWeight));
    count += 1;
    total[plane] += 1;
  }
}

// The paths of several networks to one provider fail alike: their trouble is one.
void Model::FitMixes() {
  std::map<std::string, std::vector<Item*>> paths;  // by provider
  for (size_t c = 0; c < candidates_.size(); ++c) {
    const Kind kind = catalog_.KindOf(candidates_[c]);
    std::vector<Item*> own;
    std::vector<Item*>& items =
        kind == Kind::kPath ? paths[ProviderOfPath(catalog_.Ref(candidates_[c]))] : own;
    for (Item& item : items_[c]) items.push_back(&item);
    if (kind != Kind::kPath) FitMix(kind, items);
  }
  for (auto& [provider, items] : paths) {
    std::ranges::stable_sort(items, {}, [](const Item* item) { return item->ended; });
    FitMix(Kind::kPath, items);
  }
}

Beliefs Model::Noise() const {
  Beliefs beliefs;
  beliefs.reserve(failures_.size());
  for (const FailureId id : failures_) beliefs.push_back(suspicions_.log().At(id).noise);
  return beliefs;
}

const std::vector<Model::Item>& Model::ItemsOf(ComponentId id) const {
  const auto at = std::ranges::lower_bound(candidates_, id);
  return items_[static_cast<size_t>(at - candidates_.begin())];
}

double Model::Llr(const Item& item, double share, double pass, const Beliefs& beliefs) const {
  if (item.failure < 0) return pass;
  const double belief = beliefs[static_cast<size_t>(item.failure)];
  if (belief >= kExplained) return 0;
  return std::log(((1 - share) * belief + share * item.expected) / belief);
}

Fit Model::Of(ComponentId id, const Beliefs& beliefs) const {
  const std::vector<Item>& items = ItemsOf(id);
  Fit best{.id = id, .gain = -1e9};
  for (const double share : kShares) {
    const double pass = std::log(1 - share);
    double sum = 0, highest = -1e9;
    size_t first = items.size();
    for (size_t i = items.size(); i-- > 0;) {
      sum += Llr(items[i], share, pass, beliefs);
      if (sum > highest && items[i].failure >= 0) {
        highest = sum;
        first = i;
      }
    }
    if (first < items.size()) AddUp(items, first, share, beliefs, catalog_.KindOf(id), best);
  }
  return best;
}

void Model::AddUp(const std::vector<Item>& items, size_t first, double share,
                  const Beliefs& beliefs, Kind kind, Fit& best) const {
  const double pass = std::log(1 - share);
  for (size_t i = first; i < items.size(); ++i) {
    double& of_agent = scratch_.by_agent[items[i].agent];
    if (of_agent == 0) scratch_.seen.push_back(items[i].agent);
    const double llr = Llr(items[i], share, pass, beliefs);
    of_agent += llr == 0 ? 1e-12 : llr;
  }
  double whole = 0, bounded = 0, lowest = 0;
  size_t against = 0;
  std::array<double, kReaches.size()> partial{};
  for (const AgentId agent : scratch_.seen) {
    const double g = scratch_.by_agent[agent];
    whole += g;
    if (g < 0) ++against;
    bounded += std::clamp(g, -kBoundOfAgent, kBoundOfAgent);
    lowest = std::min(lowest, std::max(g, -kBoundOfAgent));
    for (size_t r = 0; r < kReaches.size(); ++r) {
      partial[r] += g > 30 ? g + std::log(kReaches[r])
                           : std::log(kReaches[r] * std::exp(g) + 1 - kReaches[r]);
    }
    scratch_.by_agent[agent] = 0;
  }
  bounded -= lowest;
  const size_t agents = scratch_.seen.size();
  scratch_.seen.clear();
  const auto keep = [&](double gain, double reach) {
    if (gain <= best.gain) return;
    best = {best.id, gain, bounded, share, reach, items[first].ended, first, agents, against};
  };
  keep(whole, 1);
  if (!MayHitSome(kind)) return;
  for (size_t r = 0; r < kReaches.size(); ++r) keep(partial[r] - kPartialReach, kReaches[r]);
}

std::vector<double> Model::GainsByAgent(const Fit& fit, Kind kind, const Beliefs& beliefs) const {
  const std::vector<Item>& items = ItemsOf(fit.id);
  std::map<AgentId, std::array<double, kShares.size()>> sums;
  for (size_t i = fit.first; i < items.size(); ++i) {
    const Item& item = items[i];
    if (item.failure >= 0) {
      const Reading& reading = FailureAt(static_cast<size_t>(item.failure)).reading;
      if (!CanCause(kind, reading.plane, reading.family)) continue;
    }
    std::array<double, kShares.size()>& sum = sums[item.agent];
    for (size_t s = 0; s < kShares.size(); ++s) {
      sum[s] += Llr(item, kShares[s], std::log(1 - kShares[s]), beliefs);
    }
  }
  std::vector<double> gains;
  for (const auto& [agent, sum] : sums) gains.push_back(std::ranges::max(sum));
  return gains;
}

void Model::Explain(const Fit& fit, Beliefs& beliefs) const {
  const std::vector<Item>& items = ItemsOf(fit.id);
  for (size_t i = fit.first; i < items.size(); ++i) {
    const Item& item = items[i];
    if (item.failure < 0) continue;
    double& belief = beliefs[static_cast<size_t>(item.failure)];
    const double expected = item.possible ? 1 : item.expected;
    belief = (1 - fit.share) * belief + fit.share * expected;
  }
}

std::vector<size_t> Model::FailuresOf(const Fit& fit, const Beliefs& beliefs) const {
  std::vector<size_t> failures;
  const std::vector<Item>& items = ItemsOf(fit.id);
  for (size_t i = fit.first; i < items.size(); ++i) {
    if (items[i].failure < 0 || !items[i].possible) continue;
    const auto failure = static_cast<size_t>(items[i].failure);
    if (beliefs[failure] < kExplained) failures.push_back(failure);
  }
  return failures;
}

size_t Model::CountExplicable(ComponentId id, const std::vector<bool>& failures) const {
  size_t count = 0;
  for (const Item& item : ItemsOf(id)) {
    if (item.failure >= 0 && item.possible && failures[static_cast<size_t>(item.failure)]) ++count;
  }
  return count;
}

int64_t Model::PassesOf(const Fit& fit) const {
  const std::vector<Item>& items = ItemsOf(fit.id);
  return std::count_if(items.begin() + static_cast<ptrdiff_t>(fit.first), items.end(),
                       [](const Item& item) { return item.failure < 0; });
}

// Its failures reach back to where clues were left out.
bool Model::IsCutShort(const Fit& fit) const {
  const std::vector<Item>& items = ItemsOf(fit.id);
  const auto begin = items.begin();
  return suspicions_.Of(fit.id).clues.size() > items.size() &&
         std::none_of(begin, begin + static_cast<ptrdiff_t>(fit.first),
                      [](const Item& item) { return item.failure >= 0; });
}

double Model::OnsetOf(const Fit& fit) const {
  const Item& first = ItemsOf(fit.id)[fit.first];
  double began = FailureAt(static_cast<size_t>(first.failure)).reading.began;
  if (!IsCutShort(fit)) return began;
  // On through older clues, for as long as they speak for it.
  const Suspicion& suspicion = suspicions_.Of(fit.id);
  const Kind kind = catalog_.KindOf(fit.id);
  const double pass = std::log(1 - fit.share);
  double sum = 0, highest = 0, oldest = 0;
  for (size_t i = suspicion.clues.size() - ItemsOf(fit.id).size(); i-- > 0;) {
    const Clue& clue = suspicion.clues[i];
    if (clue.failure == kNoFailure) {
      sum += pass;
      continue;
    }
    const FailureRecord& failure = suspicions_.log().At(clue.failure);
    oldest = failure.reading.began;
    const double expected =
        std::max(kExplained, Expected(kind, failure.reading.plane, failure.reading.family));
    sum += std::log(1 - fit.share + fit.share * expected / failure.noise);
    if (sum <= highest) continue;
    highest = sum;
    began = std::min(began, oldest);
  }
  return began == oldest && suspicion.onset > 0 ? suspicion.onset : began;
}

}  // namespace postwatch::collector
