#include "collector/board_keeper.h"

#include <set>

namespace postwatch::collector {
namespace {

constexpr int kIntervalsUntilUnknown = 3;

}  // namespace

void BoardKeeper::SetPlan(const FleetPlan& plan) {
  checks_.clear();
  for (const CheckSpec& check : plan.checks) {
    if (check.leg != Leg::kControl) checks_[check.id] = check;
  }
  std::erase_if(views_, [this](const auto& entry) { return !checks_.contains(entry.first.first); });
}

void BoardKeeper::Observe(const Sighting& sighting) {
  const Observation& seen = sighting.observation;
  if (!checks_.contains(seen.check_id) || !seen.amends.empty()) return;
  View& view = views_[{seen.check_id, sighting.vantage.agent}];
  // A backlog replays the past; the board shows the present.
  if (seen.started < view.started) return;
  view.received = sighting.received;
  view.started = seen.started;
  view.outcome = seen.outcome;
  view.failure_class = seen.failure ? std::string(FailureClassName(seen.failure->klass)) : "";
  view.detail = seen.failure ? seen.failure->detail : seen.not_tested_reason;
}

void BoardKeeper::UpdateAgent(const AgentRecord& agent) { agents_[agent.vantage.agent] = agent; }

const AgentRecord* BoardKeeper::FindAgent(const std::string& name) const {
  const auto it = agents_.find(name);
  return it == agents_.end() ? nullptr : &it->second;
}

Cell BoardKeeper::MakeCell(
    const CheckSpec& check, const std::string& region, absl::Time now,
    const std::function<std::string(const std::string&)>& mask_reason) const {
  Cell cell{.region = region, .check_id = check.id, .kind = check.kind};
  cell.last_seen = absl::InfinitePast();
  int masked = 0;
  for (const auto& [name, agent] : agents_) {
    if (agent.vantage.region != region) continue;
    const auto it = views_.find({check.id, name});
    if (it == views_.end()) continue;
    const View& view = it->second;
    cell.last_seen = std::max(cell.last_seen, view.received);
    const std::string mask = mask_reason(name);
    if (!mask.empty()) {
      ++masked;
      cell.detail = mask;
    } else if (now - view.received > check.interval * kIntervalsUntilUnknown + check.timeout) {
      continue;
    } else if (view.outcome == Outcome::kFail) {
      ++cell.agents_failing;
      cell.failure_class = view.failure_class;
      cell.detail = view.detail;
    } else if (view.outcome == Outcome::kPass) {
      ++cell.agents_healthy;
    }
  }
  cell.state = cell.agents_failing > 0   ? CellState::kFailing
               : cell.agents_healthy > 0 ? CellState::kHealthy
               : masked > 0              ? CellState::kMasked
                                         : CellState::kUnknown;
  return cell;
}

Board BoardKeeper::Snapshot(
    absl::Time now, const std::vector<Incident>& open,
    const std::function<std::string(const std::string&)>& mask_reason) const {
  Board board{.at = now, .open = open};
  std::set<std::string> regions;
  for (const auto& [name, agent] : agents_) {
    regions.insert(agent.vantage.region);
    board.agents.push_back(agent);
  }
  board.regions.assign(regions.begin(), regions.end());
  std::map<std::string, TargetRow> rows;
  for (const auto& [id, check] : checks_) {
    TargetRow& row = rows[check.target];
    row.target = check.target;
    row.provider = check.provider;
    for (const std::string& region : board.regions) {
      row.cells.push_back(MakeCell(check, region, now, mask_reason));
    }
  }
  for (auto& [target, row] : rows) board.targets.push_back(std::move(row));
  return board;
}

}  // namespace postwatch::collector
