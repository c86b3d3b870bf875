#include "collector/correlate/attribution.h"

#include <algorithm>
#include <cmath>

#include "collector/correlate/fit.h"

namespace postwatch::collector {
namespace {

constexpr double kWorthPicking = 1.0;
constexpr size_t kMaxPicks = 32;
constexpr size_t kMaxRounds = 8;
constexpr size_t kMaxAlternatives = 3;
constexpr double kWorthNaming = 0.005;
// Evidence of one minute is not independent.
constexpr double kTemperature = 2.0;
constexpr absl::Duration kSameFault = absl::Minutes(2);
constexpr size_t kNewWitnessFailures = 3;
constexpr double kHopeless = -1e6;
constexpr double kUnaccounted = -4.0;  // for a failure that nothing local can cause

struct Pick {
  ComponentId id = 0;
  Fit fit;
  std::vector<Pick> absorbed;  // smaller ones that are part of it; `fit` covers only its own
};

class Search {
 public:
  Search(const Situation& situation, const ComponentTable& components, const KnownFaults& known)
      : situation_(situation),
        components_(components),
        known_(known),
        model_(situation, components) {
    for (const ComponentRef& fault : known.local) {
      for (const ComponentId id : model_.candidates()) {
        if (components.Get(id) == fault) known_local_.insert(id);
      }
    }
  }

  std::vector<Suspect> Run() {
    for (size_t round = 0; round < kMaxRounds; ++round) {
      std::vector<Suspect> suspects = RunOnce();
      const size_t before = rejected_.size();
      for (const Suspect& suspect : suspects) {
        if (IsBetterLocal(suspect)) rejected_.insert(suspect.id);
      }
      if (rejected_.size() == before) return suspects;
    }
    return RunOnce();
  }

 private:
  std::vector<Suspect> RunOnce() const {
    const auto is_real = [&](ComponentId id) { return IsReal(KindOf(id)); };
    const auto is_any = [&](ComponentId id) { return is_real(id) || IsLocal(KindOf(id)); };
    // Letters that did not arrive come last: what else is wrong may account for them.
    const Beliefs noise = model_.Noise();
    Beliefs beliefs = noise;
    for (size_t i = 0; i < beliefs.size(); ++i) {
      if (IsMissingLetter(EventAt(i))) beliefs[i] = 1;
    }
    std::vector<Pick> picks;
    // From one place a fault of the path looks like one of the service.
    if (situation_.fleet.IsSingleVantage()) PickAll(is_real, beliefs, picks);
    PickAll(is_any, beliefs, picks);
    for (size_t i = 0; i < beliefs.size(); ++i) {
      if (IsMissingLetter(EventAt(i))) beliefs[i] = noise[i];
    }
    HoldBackDeliveries(picks, beliefs);
    PickAll(is_any, beliefs, picks);
    Absorb(picks);
    std::vector<Suspect> suspects;
    for (const Pick& pick : picks) {
      Beliefs others = noise;
      for (const Pick& other : picks) {
        if (other.id != pick.id) ExplainAll(other, others);
      }
      suspects.push_back(MakeSuspect(pick, others));
      Suspect& suspect = suspects.back();
      std::vector<Alternative> rivals;
      if (suspect.real) rivals = WeighAgainstLocal(suspect, others);
      for (const Pick& part : pick.absorbed) model_.Explain(part.fit, others);
      Weigh(suspect, pick, others, std::move(rivals));
    }
    std::ranges::stable_partition(suspects, &Suspect::real);
    return suspects;
  }

  static bool IsMissingLetter(const Event& event) {
    return event.failed && event.record->family == Family::kDelivery;
  }

  void ExplainAll(const Pick& pick, Beliefs& beliefs) const {
    model_.Explain(pick.fit, beliefs);
    for (const Pick& part : pick.absorbed) model_.Explain(part.fit, beliefs);
  }

  // Independent faults of a few vantages explain it better than one of the service.
  bool IsBetterLocal(const Suspect& suspect) const {
    return suspect.real && suspect.real_odds < 0 && !situation_.fleet.IsSingleVantage() &&
           !known_.real.contains(suspect.component);
  }

  Kind KindOf(ComponentId id) const { return components_.KindOf(id); }
  const Event& EventAt(size_t i) const { return situation_.events[i]; }

  bool IsStanding(ComponentId id) const { return known_.real.contains(components_.Get(id)); }

  bool IsKnownLocal(const Event& event) const {
    return std::ranges::any_of(event.record->crossed, [&](ComponentId id) {
      return known_local_.contains(id) && Support(KindOf(id), event.record->family) > 0;
    });
  }

  Quorum QuorumOf(const std::vector<size_t>& failures) const {
    Quorum quorum;
    size_t new_failures = 0;
    for (const size_t i : failures) {
      if (!IsKnownLocal(EventAt(i))) ++new_failures;
    }
    for (const size_t i : failures) {
      const Event& event = EventAt(i);
      if (!event.current) continue;
      if (IsKnownLocal(event) && new_failures < kNewWitnessFailures) continue;
      quorum.agents.insert(event.vantage->agent);
      quorum.regions.insert(event.vantage->region);
      quorum.networks.insert(event.vantage->network);
      quorum.confirmed = quorum.confirmed || event.record->confirmation;
      quorum.named = quorum.named || NamesItsCause(event.record->family);
    }
    return quorum;
  }

  // All services known of a provider fail, none of them just here and there, and there are several.
  // A front end is down only if all that is known to answer there fails.
  bool FailsAltogether(ComponentId whole, absl::Time since) const {
    const bool front_end = KindOf(whole) == Kind::kSite;
    const auto it = situation_.services.find(whole);
    if (it == situation_.services.end()) return front_end;
    if (!front_end && it->second.size() < 2) return false;
    std::map<const Cell*, const Event*> latest;
    for (const Event& event : situation_.events) {
      if (event.assumed || event.record->began < since) continue;
      if (front_end && event.cell->leg == Leg::kDelivery) continue;
      if (event.record->Crosses(whole)) latest[event.cell] = &event;
    }
    return std::ranges::all_of(it->second, [&](ComponentId service) {
      int failing = 0, passing = 0;
      for (const auto& [cell, event] : latest) {
        if (event->record->Crosses(service)) ++(event->failed ? failing : passing);
      }
      return failing > 0 && failing * 2 >= passing;
    });
  }

  bool MayBeWhole(ComponentId id, const Fit& fit) const {
    const Kind kind = KindOf(id);
    return (kind != Kind::kProvider && kind != Kind::kSite) || FailsAltogether(id, fit.since);
  }

  bool MayBeReal(ComponentId id, const Fit& fit) const {
    if (rejected_.contains(id)) return false;
    if (!MayBeWhole(id, fit)) return false;
    return IsStanding(id) || QuorumOf(fit.failures).Meets(situation_.fleet);
  }

  // Takes the best explanation of what is left, again and again.
  template <class Filter>
  void PickAll(Filter filter, Beliefs& beliefs, std::vector<Pick>& picks) const {
    while (picks.size() < kMaxPicks) {
      Pick best;
      best.fit.score = kWorthPicking;
      for (const ComponentId id : model_.candidates()) {
        if (!filter(id)) continue;
        Fit fit = model_.FitOf(id, beliefs);
        if (fit.score <= best.fit.score) continue;
        if (IsReal(KindOf(id)) && !MayBeReal(id, fit)) continue;
        best = {id, std::move(fit), {}};
      }
      if (best.fit.failures.empty()) return;
      model_.Explain(best.fit, beliefs);
      picks.push_back(std::move(best));
    }
  }

  // A letter that could not be fetched or handed in is not lost: what does not arrive accuses the
  // queue only where the rest of the provider works.
  void HoldBackDeliveries(const std::vector<Pick>& picks, Beliefs& beliefs) const {
    std::set<std::string> down;
    for (const Pick& pick : picks) {
      if (!IsReal(KindOf(pick.id))) continue;
      for (const size_t i : pick.fit.failures) down.insert(EventAt(i).cell->provider);
    }
    std::set<std::pair<std::string, std::string>> shut_out;
    for (const Event& event : situation_.events) {
      if (!event.failed || event.record->family == Family::kDelivery) continue;
      if (event.record != event.cell->Latest()) continue;
      shut_out.insert({event.cell->key.agent, event.cell->provider});
    }
    for (size_t i = 0; i < situation_.events.size(); ++i) {
      const Event& event = EventAt(i);
      if (!IsMissingLetter(event)) continue;
      const std::string& provider = event.cell->provider;
      if (down.contains(provider) || shut_out.contains({event.cell->key.agent, provider})) {
        beliefs[i] = 1;
      }
    }
  }

  bool IsPartOf(const Pick& part, const Pick& whole) const {
    const Kind kind = KindOf(part.id);
    if (kind != Kind::kService && kind != Kind::kSite && kind != Kind::kMx) return false;
    if (KindOf(whole.id) == Kind::kProvider) {
      return std::ranges::all_of(part.fit.failures,
                                 [&](size_t i) { return EventAt(i).record->Crosses(whole.id); });
    }
    const Kind other = KindOf(whole.id);
    if (other != Kind::kService && other != Kind::kSite && other != Kind::kMx) return false;
    const std::string& provider = EventAt(part.fit.failures.front()).cell->provider;
    const bool same = provider == EventAt(whole.fit.failures.front()).cell->provider;
    return same && AbsDuration(part.fit.since - whole.fit.since) <= kSameFault;
  }

  // What broke together at one provider is one fault, named after what explains most of it.
  void Absorb(std::vector<Pick>& picks) const {
    const auto rank = [&](const Pick& pick) {
      return std::make_tuple(KindOf(pick.id) != Kind::kProvider, !IsStanding(pick.id),
                             -pick.fit.score, pick.fit.since);
    };
    std::ranges::stable_sort(picks, {}, rank);
    for (size_t whole = 0; whole < picks.size(); ++whole) {
      for (size_t part = whole + 1; part < picks.size();) {
        if (!IsPartOf(picks[part], picks[whole])) {
          ++part;
          continue;
        }
        picks[whole].absorbed.push_back(std::move(picks[part]));
        picks.erase(picks.begin() + static_cast<ptrdiff_t>(part));
      }
    }
  }

  Suspect MakeSuspect(const Pick& pick, const Beliefs& others) const {
    Fit fit = model_.FitOf(pick.id, others);
    if (fit.failures.empty()) fit = pick.fit;
    std::set<size_t> all(fit.failures.begin(), fit.failures.end());
    absl::Time since = std::min(fit.since, pick.fit.since);
    for (const Pick& part : pick.absorbed) {
      all.insert(part.fit.failures.begin(), part.fit.failures.end());
      since = std::min(since, part.fit.since);
    }
    Suspect suspect{.component = components_.Get(pick.id),
                    .id = pick.id,
                    .real = IsReal(KindOf(pick.id)),
                    .gain = fit.score,
                    .share = fit.share,
                    .since = since,
                    .failures = {all.begin(), all.end()},
                    .passes = fit.passes};
    suspect.quorum = QuorumOf(suspect.failures);
    for (const Pick& part : pick.absorbed) suspect.also.push_back(components_.Get(part.id));
    return suspect;
  }

  // The best account of the same failures that blames no service: agents, paths, resolvers. All of
  // them must be accounted for, however unlikely that is. Returns its first part with the log odds
  // of the whole.
  std::vector<Alternative> WeighAgainstLocal(Suspect& suspect, const Beliefs& others) const {
    std::set<size_t> left(suspect.failures.begin(), suspect.failures.end());
    Beliefs beliefs = others;
    double total = 0;
    std::vector<Alternative> rivals;
    for (size_t round = 0; round < kMaxPicks && !left.empty(); ++round) {
      Pick best;
      best.fit.score = kHopeless;
      for (const ComponentId id : model_.candidates()) {
        if (!IsLocal(KindOf(id))) continue;
        Fit fit = model_.FitOf(id, beliefs, &left);
        if (fit.score > best.fit.score) best = {id, std::move(fit), {}};
      }
      if (best.fit.failures.empty()) {
        total += kUnaccounted * static_cast<double>(left.size());
        break;
      }
      total += best.fit.score;
      model_.Explain(best.fit, beliefs);
      for (const size_t i : best.fit.failures) left.erase(i);
      if (rivals.empty()) rivals.push_back({.component = components_.Get(best.id)});
    }
    if (!rivals.empty()) rivals.front().confidence = total;
    suspect.real_odds = suspect.gain - total;
    return rivals;
  }

  // The posterior of the suspect among what else could explain its own failures, absorbed ones left
  // aside. `rivals` come with log odds in place of confidence.
  void Weigh(Suspect& suspect, const Pick& pick, const Beliefs& others,
             std::vector<Alternative> rivals) const {
    const Fit own = model_.FitOf(pick.id, others);
    const double gain = std::max(own.score, suspect.gain);
    const std::vector<size_t>& explained = own.failures.empty() ? pick.fit.failures : own.failures;
    const std::set<size_t> mine(explained.begin(), explained.end());
    const std::set<ComponentRef> also(suspect.also.begin(), suspect.also.end());
    for (const ComponentId id : model_.candidates()) {
      const ComponentRef& component = components_.Get(id);
      if (id == suspect.id || also.contains(component)) continue;
      if (suspect.real && IsLocal(KindOf(id))) continue;
      const Fit fit = model_.FitOf(id, others);
      if (fit.failures.empty() || !MayBeWhole(id, fit)) continue;
      const auto shared =
          std::ranges::count_if(fit.failures, [&](size_t i) { return mine.contains(i); });
      if (static_cast<size_t>(shared) * 2 < mine.size()) continue;
      rivals.push_back({.component = component, .confidence = fit.score});
    }
    double mass = std::exp(-gain / kTemperature) + 1;  // of nothing, and of itself
    for (Alternative& rival : rivals) {
      rival.confidence = std::exp(std::min(rival.confidence - gain, 40.0) / kTemperature);
      mass += rival.confidence;
    }
    suspect.confidence = 1 / mass;
    for (Alternative& rival : rivals) rival.confidence /= mass;
    std::ranges::stable_sort(rivals, std::ranges::greater(), &Alternative::confidence);
    std::erase_if(rivals, [](const Alternative& r) { return r.confidence < kWorthNaming; });
    if (rivals.size() > kMaxAlternatives) rivals.resize(kMaxAlternatives);
    suspect.alternatives = std::move(rivals);
  }

  const Situation& situation_;
  const ComponentTable& components_;
  const KnownFaults& known_;
  Model model_;
  std::set<ComponentId> known_local_;
  std::set<ComponentId> rejected_;
};

}  // namespace

bool Quorum::Meets(const FleetShape& fleet) const {
  if (fleet.IsSingleVantage()) return !agents.empty();
  if (agents.size() < 2 || static_cast<int>(regions.size()) < fleet.NeededRegions()) return false;
  return named || static_cast<int>(networks.size()) >= fleet.NeededNetworks();
}

std::vector<Suspect> Attribute(const Situation& situation, const ComponentTable& components,
                               const KnownFaults& known) {
  if (!situation.HasFailures()) return {};
  return Search(situation, components, known).Run();
}

}  // namespace postwatch::collector
