#include "suspicion.h"

#include <algorithm>
#include <cmath>

namespace postwatch::collector {
namespace {

constexpr double kLate = 15;            // seconds; then it is thought through in event time
constexpr double kOptimism = 0.5;       // what a fitted mix may give a possible failure
constexpr size_t kMaxClues = 8192;      // per component
constexpr size_t kMaxPasses = 1 << 20;  // of the window

const std::array<float, kShares.size()> kPassCosts = [] {
  std::array<float, kShares.size()> costs{};
  for (size_t k = 0; k < kShares.size(); ++k) {
    costs[k] = static_cast<float>(std::log(1 - kShares[k]));
  }
  return costs;
}();

}  // namespace

double Suspicion::Highest() const { return *std::ranges::max_element(rise); }

FailureId Suspicions::Take(const Reading& reading, double noise) {
  if (table_.size() < catalog_.component_count()) {
    table_.resize(catalog_.component_count());
    place_.resize(catalog_.component_count());
  }
  if (!reading.failed()) {
    passes_.push_back({reading.ended, reading.agent, reading.cell, reading.route});
    if (passes_.size() > kMaxPasses) passes_.pop_front();
    for (const ComponentId id : catalog_.Crossed(reading.route)) {
      if (!table_[id].clues.empty()) AddPass(id, reading);
    }
    return kNoFailure;
  }
  const FailureId failure = end_failure();
  failures_.push_back({reading, noise});
  const bool late = reading.received - reading.ended > kLate;
  for (const ComponentId id : catalog_.Crossed(reading.route)) {
    if (late) {
      late_.insert(id);
    } else {
      AddFailure(id, failure);
    }
  }
  return failure;
}

void Suspicions::AddPass(ComponentId id, const Reading& reading) {
  Suspicion& suspicion = table_[id];
  bool alive = false;
  for (size_t k = 0; k < kShares.size(); ++k) {
    suspicion.rise[k] += kPassCosts[k];
    alive = alive || suspicion.rise[k] > 0;
  }
  if (!alive) {
    Clear(id);
    return;
  }
  Insert(id, {reading.ended, kNoFailure, reading.agent, reading.cell});
}

void Suspicions::AddFailure(ComponentId id, FailureId failure) {
  const Trouble& trouble = Failure(failure);
  if (Expected(catalog_.KindOf(id), trouble.reading.plane, trouble.reading.family) <= 0) return;
  Suspicion& suspicion = table_[id];
  Raise(suspicion, id, trouble);
  if (suspicion.Highest() <= 0) {
    if (!suspicion.clues.empty()) Clear(id);
    return;
  }
  if (suspicion.clues.empty()) {
    active_.push_back(id);
    place_[id] = active_.size();
  }
  Insert(id, {trouble.reading.ended, failure, trouble.reading.agent, trouble.reading.cell});
}

void Suspicions::Raise(Suspicion& suspicion, ComponentId id, const Trouble& trouble) const {
  const Reading& reading = trouble.reading;
  double expected = Expected(catalog_.KindOf(id), reading.plane, reading.family);
  if (CanCause(catalog_.KindOf(id), reading.plane, reading.family)) {
    expected = std::max(expected, kOptimism);
  }
  const double ratio = expected / trouble.noise;
  for (size_t k = 0; k < kShares.size(); ++k) {
    const double gain = std::log(1 - kShares[k] + kShares[k] * ratio);
    suspicion.rise[k] =
        static_cast<float>(std::max(0.0, std::max(0.0F, suspicion.rise[k]) + gain));
  }
}

void Suspicions::Insert(ComponentId id, const Clue& clue) {
  std::vector<Clue>& clues = table_[id].clues;
  auto at = clues.end();
  while (at != clues.begin() && (at - 1)->ended > clue.ended) --at;
  clues.insert(at, clue);
  if (clues.size() > kMaxClues) clues.erase(clues.begin(), clues.begin() + kMaxClues / 2);
}

void Suspicions::Clear(ComponentId id) {
  table_[id] = {};
  const size_t place = place_[id] - 1;
  active_[place] = active_.back();
  place_[active_[place]] = place + 1;
  active_.pop_back();
  place_[id] = 0;
}

// From its own clues, from zero.
void Suspicions::Recount(ComponentId id) {
  const std::vector<Clue> clues = std::move(table_[id].clues);
  if (!clues.empty()) Clear(id);
  for (const Clue& clue : clues) {
    if (clue.failure != kNoFailure) {
      if (!Failure(clue.failure).settled) AddFailure(id, clue.failure);
    } else if (!table_[id].clues.empty()) {
      Reading pass{.ended = clue.ended, .agent = clue.agent, .cell = clue.cell};
      AddPass(id, pass);
    }
  }
}

void Suspicions::Expire(double oldest) {
  while (!passes_.empty() && passes_.front().ended < oldest) passes_.pop_front();
  size_t gone = 0;
  while (gone < failures_.size() && failures_[gone].reading.ended < oldest) ++gone;
  if (gone == 0) return;
  const FailureId first = first_failure_ + gone;
  std::vector<ComponentId> touched;
  for (const ComponentId id : active_) {
    std::vector<Clue>& clues = table_[id].clues;
    const size_t before = clues.size();
    std::erase_if(clues, [&](const Clue& clue) {
      return clue.ended < oldest || (clue.failure != kNoFailure && clue.failure < first);
    });
    if (clues.size() != before) touched.push_back(id);
  }
  for (const ComponentId id : touched) {
    if (table_[id].clues.empty()) {
      Clear(id);
    } else {
      Recount(id);
    }
  }
  failures_.erase(failures_.begin(), failures_.begin() + static_cast<ptrdiff_t>(gone));
  first_failure_ = first;
}

void Suspicions::Settle(const std::vector<FailureId>& failures) {
  std::set<ComponentId> touched;
  for (const FailureId id : failures) {
    if (id < first_failure_) continue;
    Trouble& trouble = failures_[id - first_failure_];
    trouble.settled = true;
    for (const ComponentId component : catalog_.Crossed(trouble.reading.route)) {
      if (component < table_.size() && !table_[component].clues.empty()) touched.insert(component);
    }
  }
  for (const ComponentId id : touched) Recount(id);
}

void Suspicions::CatchUp() {
  if (late_.empty()) return;
  struct Event {
    double ended;
    FailureId failure;
    const Passed* pass;
  };
  std::vector<Event> events;
  for (FailureId id = first_failure_; id < end_failure(); ++id) {
    if (!Failure(id).settled) events.push_back({Failure(id).reading.ended, id, nullptr});
  }
  for (const Passed& pass : passes_) events.push_back({pass.ended, kNoFailure, &pass});
  std::ranges::stable_sort(events, {}, &Event::ended);
  for (const ComponentId id : late_) {
    if (!table_[id].clues.empty()) Clear(id);
  }
  for (const Event& event : events) {
    const RouteId route = event.pass ? event.pass->route : Failure(event.failure).reading.route;
    for (const ComponentId id : catalog_.Crossed(route)) {
      if (!late_.contains(id)) continue;
      if (event.pass == nullptr) {
        AddFailure(id, event.failure);
      } else if (!table_[id].clues.empty()) {
        Reading pass{
            .ended = event.pass->ended, .agent = event.pass->agent, .cell = event.pass->cell};
        AddPass(id, pass);
      }
    }
  }
  late_.clear();
}

}  // namespace postwatch::collector
