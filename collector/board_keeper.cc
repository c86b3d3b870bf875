#include "collector/board_keeper.h"

#include <algorithm>
#include <array>
#include <set>

#include "common/base/text.h"
#include "common/checks/check_kinds.h"

namespace postwatch::collector {
namespace {

constexpr int kIntervalsUntilUnknown = 3;

// People look first at what moves mail, then at what it stands on.
constexpr std::array kShownFirst = {Leg::kDelivery, Leg::kInbound, Leg::kSubmission,
                                    Leg::kAccess,   Leg::kDns,     Leg::kRegistration};

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

absl::Duration FreshFor(const CheckSpec& check) {
  return check.interval * kIntervalsUntilUnknown + check.timeout;
}

void BoardKeeper::SetPlan(const FleetPlan& plan) {
  checks_.clear();
  planned_kinds_.clear();
  for (const CheckSpec& check : plan.checks) {
    planned_kinds_.insert(check.kind);
    if (check.leg != Leg::kControl) checks_[check.id] = check;
  }
  std::erase_if(views_, [this](const auto& entry) { return !checks_.contains(entry.first); });
  findings_.KeepOnly(checks_);
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
  findings_.Observe(run, sighting.vantage.agent, seen);
}

void BoardKeeper::UpdateAgent(const AgentRecord& agent) { agents_[agent.vantage.agent] = agent; }

void BoardKeeper::ForgetAgent(const std::string& agent) {
  agents_.erase(agent);
  for (auto& [check, views] : views_) views.erase(agent);
  findings_.ForgetAgent(agent);
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
  const absl::Duration fresh = FreshFor(check);
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

std::vector<BoardKind> BoardKeeper::Kinds() const {
  std::vector<BoardKind> kinds;
  for (const Leg leg : kShownFirst) {
    for (const CheckKind& kind : CheckKinds()) {
      const std::string name(kind.name);
      if (kind.leg == leg && planned_kinds_.contains(name)) kinds.push_back({name, leg});
    }
  }
  return kinds;
}

std::map<std::string, std::vector<std::string>> BoardKeeper::CannotRun() const {
  std::map<std::string, std::vector<std::string>> cannot;
  for (const auto& [name, agent] : agents_) {
    if (agent.probe_kinds.empty()) continue;
    for (const std::string& kind : planned_kinds_) {
      if (std::ranges::find(agent.probe_kinds, kind) == agent.probe_kinds.end()) {
        cannot[name].push_back(kind);
      }
    }
  }
  return cannot;
}

// An agent's problems are "<check id>: <why>".
void BoardKeeper::AddRefusals(Board& board) const {
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
  std::map<std::pair<std::string_view, std::string_view>, std::string> unknown;  // kind, region
  for (const auto& [name, kinds] : board.cannot_run) {
    const AgentRecord& agent = agents_.at(name);
    if (!agent.connected) continue;
    for (const std::string& kind : kinds) {
      unknown.try_emplace({kind, agent.vantage.region},
                          Concat(name, " does not know this kind of check; update it"));
    }
  }
  for (TargetRow& row : board.targets) {
    for (Cell& cell : row.cells) {
      if (!cell.detail.empty()) continue;
      const auto refusal = refusals.find({cell.check_id, cell.region});
      const auto lack = unknown.find({cell.kind, cell.region});
      if (refusal != refusals.end()) {
        cell.detail = refusal->second;
      } else if (lack != unknown.end()) {
        cell.detail = lack->second;
      }
    }
  }
}

Board BoardKeeper::Snapshot(absl::Time now, const std::vector<Incident>& open,
                            const MaskReason& mask_reason) const {
  Board board{.at = now, .kinds = Kinds(), .cannot_run = CannotRun(), .open = open};
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
  AddRefusals(board);
  return board;
}

FindingList BoardKeeper::Findings(absl::Time now, const MaskReason& mask_reason) const {
  std::map<std::string, std::string> regions;  // of the agents whose word counts
  for (const auto& [name, agent] : agents_) {
    if (mask_reason(name).empty()) regions[name] = agent.vantage.region;
  }
  return findings_.List(checks_, now, FreshFor, [&regions](const std::string& agent) {
    const auto found = regions.find(agent);
    return found == regions.end() ? "" : found->second;
  });
}

}  // namespace postwatch::collector
