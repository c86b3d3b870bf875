#include "collector/board_keeper.h"

#include <algorithm>
#include <set>

#include "common/base/text.h"

namespace postwatch::collector {
namespace {

constexpr int kIntervalsUntilUnknown = 3;

// The word that would stand for a cell in each of its states.
struct Spokesmen {
  const AgentView* failing = nullptr;     // the latest
  const AgentView* not_tested = nullptr;  // the latest
  const std::string* mask = nullptr;
};

void Prefer(const AgentView& view, const AgentView*& latest) {
  if (latest == nullptr || view.seen > latest->seen) latest = &view;
}

void Settle(Cell& cell, const Spokesmen& says) {
  if (says.failing != nullptr) {
    cell.state = CellState::kFailing;
    cell.failure_class = says.failing->failure_class;
    cell.detail = says.failing->detail;
  } else if (cell.agents_healthy > 0) {
    cell.state = CellState::kHealthy;
  } else if (says.mask != nullptr) {
    cell.state = CellState::kMasked;
    cell.detail = *says.mask;
  } else if (says.not_tested != nullptr) {
    cell.detail = says.not_tested->detail;
  }
}

}  // namespace

void BoardKeeper::SetPlan(const FleetPlan& plan) {
  checks_.clear();
  for (const CheckSpec& check : plan.checks) {
    if (check.leg != Leg::kControl) checks_[check.id] = check;
  }
  std::erase_if(views_, [this](const auto& entry) { return !checks_.contains(entry.first); });
}

void BoardKeeper::Observe(const Sighting& sighting) {
  const Observation& run = sighting.observation;
  if (!checks_.contains(run.check_id) || !run.amends.empty()) return;
  AgentView& view = views_[run.check_id][sighting.vantage.agent];
  // A backlog tells of the past and does not look fresh. A clock that runs ahead must not keep out
  // what comes after it was set right.
  const AgentRecord* agent = FindAgent(sighting.vantage.agent);
  const absl::Duration offset = agent == nullptr ? absl::ZeroDuration() : agent->clock_offset;
  const absl::Time seen = std::min(sighting.received, run.started + run.took - offset);
  if (seen < view.seen) return;
  view.seen = seen;
  view.outcome = run.outcome;
  view.failure_class = run.failure ? std::string(FailureClassName(run.failure->klass)) : "";
  view.detail = run.failure ? run.failure->detail : run.not_tested_reason;
}

void BoardKeeper::UpdateAgent(const AgentRecord& agent) { agents_[agent.vantage.agent] = agent; }

void BoardKeeper::ForgetAgent(const std::string& agent) {
  agents_.erase(agent);
  for (auto& [check, views] : views_) views.erase(agent);
}

const AgentRecord* BoardKeeper::FindAgent(const std::string& name) const {
  const auto it = agents_.find(name);
  return it == agents_.end() ? nullptr : &it->second;
}

std::vector<Cell> BoardKeeper::CellsOf(const CheckSpec& check,
                                       const std::vector<std::string>& regions, absl::Time now,
                                       const std::map<std::string, std::string>& masks) const {
  std::vector<Cell> cells;
  for (const std::string& region : regions) {
    cells.push_back({.region = region, .check_id = check.id, .kind = check.kind});
    cells.back().last_seen = absl::InfinitePast();
  }
  std::vector<Spokesmen> words(cells.size());
  const absl::Duration fresh = check.interval * kIntervalsUntilUnknown + check.timeout;
  const auto views = views_.find(check.id);
  if (views == views_.end()) return cells;
  for (const auto& [name, view] : views->second) {
    const AgentRecord* agent = FindAgent(name);
    if (agent == nullptr) continue;
    const auto at = std::ranges::lower_bound(regions, agent->vantage.region) - regions.begin();
    Cell& cell = cells[static_cast<size_t>(at)];
    Spokesmen& says = words[static_cast<size_t>(at)];
    cell.last_seen = std::max(cell.last_seen, view.seen);
    if (const std::string& mask = masks.at(name); !mask.empty()) {
      says.mask = &mask;
    } else if (now - view.seen > fresh) {
      continue;
    } else if (view.outcome == Outcome::kPass) {
      ++cell.agents_healthy;
    } else if (view.outcome == Outcome::kFail) {
      ++cell.agents_failing;
      Prefer(view, says.failing);
    } else {
      Prefer(view, says.not_tested);
    }
  }
  for (size_t i = 0; i < cells.size(); ++i) Settle(cells[i], words[i]);
  return cells;
}

// An agent's problems are "<check id>: <why>".
void BoardKeeper::AddRefusals(std::vector<TargetRow>& rows) const {
  std::map<std::pair<std::string_view, std::string_view>, std::string> refusals;  // id, region
  for (const auto& [name, agent] : agents_) {
    if (!agent.connected) continue;
    for (const std::string_view problem : agent.problems) {
      const size_t end = problem.find(": ");
      if (end == problem.npos) continue;
      refusals.try_emplace({problem.substr(0, end), agent.vantage.region},
                           Concat(name, " cannot run it: ", problem.substr(end + 2)));
    }
  }
  if (refusals.empty()) return;
  for (TargetRow& row : rows) {
    for (Cell& cell : row.cells) {
      const auto refusal = refusals.find({cell.check_id, cell.region});
      if (refusal != refusals.end() && cell.detail.empty()) cell.detail = refusal->second;
    }
  }
}

Board BoardKeeper::Snapshot(
    absl::Time now, const std::vector<Incident>& open,
    const std::function<std::string(const std::string&)>& mask_reason) const {
  Board board{.at = now, .open = open};
  std::set<std::string> regions;
  std::map<std::string, std::string> masks;
  for (const auto& [name, agent] : agents_) {
    regions.insert(agent.vantage.region);
    masks[name] = mask_reason(name);
    board.agents.push_back(agent);
  }
  board.regions.assign(regions.begin(), regions.end());
  std::map<std::string, TargetRow> rows;
  for (const auto& [id, check] : checks_) {
    TargetRow& row = rows[check.target];
    row.target = check.target;
    row.provider = check.provider;
    for (Cell& cell : CellsOf(check, board.regions, now, masks)) {
      row.cells.push_back(std::move(cell));
    }
  }
  for (auto& [target, row] : rows) board.targets.push_back(std::move(row));
  AddRefusals(board.targets);
  return board;
}

}  // namespace postwatch::collector
