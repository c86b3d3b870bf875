#include "collector/correlate/confirmation.h"

#include <algorithm>
#include <tuple>

#include "common/base/text.h"

namespace postwatch::collector {
namespace {

constexpr absl::Duration kCoolDown = absl::Seconds(20);  // per check
constexpr absl::Duration kSecondLook = absl::Seconds(3);
constexpr absl::Duration kSecondLookUntil = absl::Seconds(8);
constexpr absl::Duration kOverCoolDown = absl::Seconds(10);  // per incident
constexpr absl::Duration kAnswerDue = absl::Seconds(3);
constexpr absl::Duration kForgetRounds = absl::Minutes(2);
constexpr int kMaxRounds = 5;
constexpr size_t kMaxOthers = 3;
constexpr size_t kMaxSiblings = 3;
constexpr size_t kMaxWitnesses = 2;
constexpr size_t kMaxChecksWhetherOver = 8;
constexpr size_t kMaxAgentsWhetherOver = 20;
constexpr size_t kMaxRecent = 10;  // requests within kRecent, for the whole fleet
constexpr absl::Duration kRecent = absl::Seconds(10);

// The vantages that tell most: another region and another network first.
std::vector<std::string> ChooseOthers(const Witness& witness, const Vantage& from) {
  std::vector<const Vantage*> others;
  for (const Vantage* vantage : witness.Agents()) {
    const Mask mask = witness.MaskOf(vantage->agent);
    if (vantage->agent == from.agent || mask == Mask::kSilent || mask == Mask::kWitness) continue;
    others.push_back(vantage);
  }
  std::vector<std::string> chosen;
  std::set<std::string> regions = {from.region}, networks = {from.network};
  while (chosen.size() < kMaxOthers && !others.empty()) {
    const auto best = std::ranges::min_element(others, {}, [&](const Vantage* v) {
      return std::make_tuple(regions.contains(v->region) + networks.contains(v->network),
                             std::string_view(v->agent));
    });
    chosen.push_back((*best)->agent);
    regions.insert((*best)->region);
    networks.insert((*best)->network);
    others.erase(best);
  }
  return chosen;
}

}  // namespace

void Confirmer::SetPlan(const FleetPlan& plan) {
  plan_.clear();
  witnesses_.clear();
  for (const CheckSpec& check : plan.checks) {
    plan_[check.id] = check;
    if (check.leg == Leg::kControl && witnesses_.size() < kMaxWitnesses) {
      witnesses_.push_back(check.id);
    }
  }
  std::erase_if(asked_, [this](const auto& entry) { return !plan_.contains(entry.first); });
}

std::vector<Confirmation> Confirmer::AskAbout(const Evidence& evidence, const Witness& witness,
                                              const std::set<CellKey>& explained, absl::Time now) {
  std::vector<Confirmation> confirmations;
  for (const auto& [key, cell] : evidence.cells()) {
    const Record* latest = cell.Latest();
    if (cell.leg == Leg::kControl || latest == nullptr || latest->outcome != Outcome::kFail)
      continue;
    const Mask mask = witness.MaskOf(key.agent);
    const Vantage* from = witness.Find(key.agent);
    if (from == nullptr || mask == Mask::kSilent || mask == Mask::kWitness) continue;
    if (!cell.IsFresh(*latest, now) || explained.contains(key)) continue;
    if (!HasRoom(now)) continue;
    const bool again = TakeSecondLook(key.check_id, *latest, now);
    if (!again && !TakeTurn(key.check_id, now)) continue;
    Confirmation ask{.agents = ChooseOthers(witness, *from), .check_ids = ChooseChecks(cell)};
    ask.agents.insert(ask.agents.begin(), key.agent);
    ask.reason =
        Concat(key.check_id, " fails at ", key.agent, " (", FailureClassName(latest->klass), ")");
    Remember(ask, again, now);
    confirmations.push_back(std::move(ask));
  }
  return confirmations;
}

std::vector<std::string> Confirmer::ChooseChecks(const Cell& cell) const {
  std::vector<std::string> checks = {cell.key.check_id};
  for (const auto& [id, check] : plan_) {
    if (checks.size() > kMaxSiblings) break;
    const std::string& provider = check.provider.empty() ? check.target : check.provider;
    const bool sends = check.leg == Leg::kDelivery;
    const bool related =
        check.leg != Leg::kControl && check.target == cell.target && provider == cell.provider;
    if (related && !sends && id != cell.key.check_id) checks.push_back(id);
  }
  checks.insert(checks.end(), witnesses_.begin(), witnesses_.end());
  return checks;
}

bool Confirmer::TakeTurn(const std::string& check_id, absl::Time now) {
  Asked& asked = asked_[check_id];
  if (now - asked.at < kCoolDown) return false;
  if (now - asked.at > kForgetRounds) asked.rounds = 0;
  return asked.rounds < kMaxRounds;
}

bool Confirmer::TakeSecondLook(const std::string& check_id, const Record& failure, absl::Time now) {
  const auto asked = asked_.find(check_id);
  if (asked == asked_.end() || asked->second.again || NamesItsCause(failure.family)) return false;
  const absl::Duration since = now - asked->second.at;
  return since >= kSecondLook && since <= kSecondLookUntil;
}

bool Confirmer::HasRoom(absl::Time now) {
  std::erase_if(recent_, [&](absl::Time at) { return now - at > kRecent; });
  return recent_.size() < kMaxRecent;
}

void Confirmer::Remember(const Confirmation& confirmation, bool again, absl::Time now) {
  recent_.push_back(now);
  std::erase_if(outstanding_, [&](const auto& asked) { return now - asked.second > kAnswerDue; });
  for (const std::string& check : confirmation.check_ids) {
    if (std::ranges::find(witnesses_, check) != witnesses_.end()) continue;
    Asked& asked = asked_[check];
    asked.again = again;
    if (!again) {
      asked.at = now;
      ++asked.rounds;
    }
    for (const std::string& agent : confirmation.agents) outstanding_[{agent, check}] = now;
  }
}

std::vector<Confirmation> Confirmer::AskWhetherOver(const std::string& incident_id,
                                                    const std::set<CellKey>& cells,
                                                    absl::Time now) {
  std::erase_if(asked_whether_over_,
                [&](const auto& entry) { return now - entry.second > kOverCoolDown; });
  if (cells.empty() || asked_whether_over_.contains(incident_id)) return {};
  std::set<std::string> agents, checks;
  for (const CellKey& cell : cells) {
    if (agents.size() < kMaxAgentsWhetherOver) agents.insert(cell.agent);
    if (checks.size() < kMaxChecksWhetherOver) checks.insert(cell.check_id);
  }
  asked_whether_over_[incident_id] = now;
  return {{.agents = {agents.begin(), agents.end()},
           .check_ids = {checks.begin(), checks.end()},
           .reason = Concat("is ", incident_id, " over?")}};
}

void Confirmer::Answered(const CellKey& cell) { outstanding_.erase(cell); }

std::set<CellKey> Confirmer::Outstanding(absl::Time now) const {
  std::set<CellKey> cells;
  for (const auto& [cell, at] : outstanding_) {
    if (now - at <= kAnswerDue) cells.insert(cell);
  }
  return cells;
}

}  // namespace postwatch::collector
