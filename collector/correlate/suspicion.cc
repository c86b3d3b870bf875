#include "collector/correlate/suspicion.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

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

void Suspicions::Grow() {
  if (table_.size() >= catalog_.component_count()) return;
  table_.resize(catalog_.component_count());
  place_.resize(catalog_.component_count());
}

void Suspicions::TakePass(const Reading& reading) {
  Grow();
  const Clue pass{reading.ended, kNoFailure, reading.agent, reading.cell};
  passes_.push_back({pass, reading.route});
  if (passes_.size() > kMaxPasses) passes_.pop_front();
  for (const ComponentId id : catalog_.Crossed(reading.route)) {
    if (!table_[id].clues.empty()) AddPass(id, pass);
  }
}

void Suspicions::TakeFailure(FailureId failure) {
  Grow();
  const Reading& reading = log_.At(failure).reading;
  const bool late = reading.received - reading.ended > kLate;
  for (const ComponentId id : catalog_.Crossed(reading.route)) {
    if (late) {
      late_.insert(id);
    } else {
      AddFailure(id, failure);
    }
  }
}

void Suspicions::AddPass(ComponentId id, const Clue& pass) {
  Suspicion& suspicion = table_[id];
  bool alive = false;
  for (size_t k = 0; k < kShares.size(); ++k) {
    suspicion.rise[k] += kPassCosts[k];
    alive = alive || suspicion.rise[k] > 0;
  }
  if (alive) {
    Insert(id, pass);
  } else {
    Clear(id);
  }
}

void Suspicions::AddFailure(ComponentId id, FailureId failure) {
  const FailureRecord& record = log_.At(failure);
  const Kind kind = catalog_.KindOf(id);
  if (Expected(kind, record.reading.plane, record.reading.family) <= 0) return;
  Suspicion& suspicion = table_[id];
  Raise(suspicion, kind, record);
  if (suspicion.Highest() <= 0) {
    if (!suspicion.clues.empty()) Clear(id);
    return;
  }
  if (suspicion.clues.empty()) {
    active_.push_back(id);
    place_[id] = active_.size();
  }
  Insert(id, {record.reading.ended, failure, record.reading.agent, record.reading.cell});
}

void Suspicions::Raise(Suspicion& suspicion, Kind kind, const FailureRecord& record) const {
  const Reading& reading = record.reading;
  double expected = Expected(kind, reading.plane, reading.family);
  if (CanCause(kind, reading.plane, reading.family)) expected = std::max(expected, kOptimism);
  const double ratio = expected / record.noise;
  for (size_t k = 0; k < kShares.size(); ++k) {
    const double gain = std::log(1 - kShares[k] + kShares[k] * ratio);
    suspicion.rise[k] = static_cast<float>(std::max(0.0, std::max(0.0F, suspicion.rise[k]) + gain));
  }
}

void Suspicions::Insert(ComponentId id, const Clue& clue) {
  Suspicion& suspicion = table_[id];
  std::vector<Clue>& clues = suspicion.clues;
  auto at = clues.end();
  while (at != clues.begin() && (at - 1)->ended > clue.ended) --at;
  clues.insert(at, clue);
  if (clues.size() <= kMaxClues) return;
  const auto first =
      std::ranges::find_if(clues, [](const Clue& c) { return c.failure != kNoFailure; });
  if (suspicion.onset == 0) suspicion.onset = log_.At(first->failure).reading.began;
  clues.erase(clues.begin(), clues.begin() + kMaxClues / 2);
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
  const double onset = table_[id].onset;
  const std::vector<Clue> clues = std::move(table_[id].clues);
  if (!clues.empty()) Clear(id);
  for (const Clue& clue : clues) {
    if (clue.failure != kNoFailure) {
      if (!log_.At(clue.failure).settled) AddFailure(id, clue.failure);
    } else if (!table_[id].clues.empty()) {
      AddPass(id, clue);
    }
  }
  if (!table_[id].clues.empty()) table_[id].onset = onset;
}

void Suspicions::Expire(double oldest, FailureId first) {
  while (!passes_.empty() && passes_.front().clue.ended < oldest) passes_.pop_front();
  const std::vector<ComponentId> active = active_;
  for (const ComponentId id : active) {
    std::vector<Clue>& clues = table_[id].clues;
    const size_t gone = std::erase_if(clues, [&](const Clue& clue) {
      return clue.ended < oldest || (clue.failure != kNoFailure && clue.failure < first);
    });
    if (clues.empty()) {
      Clear(id);
    } else if (gone > 0) {
      Recount(id);
    }
  }
}

void Suspicions::Reconsider(const std::vector<FailureId>& failures) {
  std::set<ComponentId> touched;
  for (const FailureId failure : failures) {
    for (const ComponentId id : catalog_.Crossed(log_.At(failure).reading.route)) {
      if (id < table_.size() && !table_[id].clues.empty()) touched.insert(id);
    }
  }
  for (const ComponentId id : touched) Recount(id);
}

void Suspicions::CatchUp() {
  if (late_.empty()) return;
  std::unordered_map<RouteId, bool> known;  // most passes have nothing to do with it
  const auto concerns = [&](RouteId route) {
    const auto [it, added] = known.try_emplace(route, false);
    if (added) {
      it->second = std::ranges::any_of(catalog_.Crossed(route),
                                       [&](ComponentId id) { return late_.contains(id); });
    }
    return it->second;
  };
  std::vector<Event> events;
  for (const Event& pass : passes_) {
    if (concerns(pass.route)) events.push_back(pass);
  }
  for (FailureId id = log_.begin(); id < log_.end(); ++id) {
    const FailureRecord& record = log_.At(id);
    const Reading& reading = record.reading;
    if (!record.settled && concerns(reading.route)) {
      events.push_back({{reading.ended, id, reading.agent, reading.cell}, reading.route});
    }
  }
  std::ranges::stable_sort(events, {}, [](const Event& e) { return e.clue.ended; });
  for (const ComponentId id : late_) {
    if (!table_[id].clues.empty()) Clear(id);
  }
  for (const Event& event : events) {
    for (const ComponentId id : catalog_.Crossed(event.route)) {
      if (!late_.contains(id)) continue;
      if (event.clue.failure != kNoFailure) {
        AddFailure(id, event.clue.failure);
      } else if (!table_[id].clues.empty()) {
        AddPass(id, event.clue);
      }
    }
  }
  late_.clear();
}

}  // namespace postwatch::collector
