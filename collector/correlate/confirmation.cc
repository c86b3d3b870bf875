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
constexpr absl::Duration kForgetRounds = absl::Minutes(2);
constexpr int kMaxRounds = 5;
constexpr size_t kMaxOthers = 3;
constexpr size_t kMaxSiblings = 3;
constexpr size_t kMaxWitnesses = 2;
constexpr size_t kMaxChecksWhetherOver = 8;
constexpr size_t kMaxAgentsWhetherOver = 20;
constexpr FailureId kLookBack = 500;  // failures
constexpr size_t kMaxRecent = 10;     // requests within kRecent, for the whole fleet
constexpr absl::Duration kRecent = absl::Seconds(10);

// The vantages that tell most: another region and another network first.
std::vector<std::string> ChooseOthers(const Witness& witness, const Vantage& from) {
  std::vector<const Vantage*> others;
  for (const Vantage* vantage : witness.Agents()) {
    if (vantage->agent == from.agent || witness.MaskOf(vantage->agent) != Mask::kNone) continue;
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

std::vector<Confirmation> Confirmer::AskAbout(
    const View& view, const std::function<bool(const Reading&)>& explained) {
  const absl::Time now = ToTime(view.now);
  std::vector<Confirmation> confirmations;
  std::set<CellId> looked_at;
  const FailureId oldest = std::max(view.log.begin() + kLookBack, view.log.end()) - kLookBack;
  for (FailureId id = view.log.end(); id-- > oldest;) {
    const Reading& failure = view.Failure(id).reading;
    const CheckCell& cell = view.evidence.At(failure.cell);
    if (!cell.failing() || !looked_at.insert(failure.cell).second || !HasRoom(now)) continue;
    const CheckEntry& check = view.evidence.CheckOf(cell);
    if (check.leg == Leg::kControl || view.Failure(id).settled) continue;
    const Vantage* from = view.witness.Find(view.AgentOf(failure).name);
    if (from == nullptr || view.witness.MaskOf(from->agent) != Mask::kNone) continue;
    if (!view.evidence.IsFresh(cell, view.now) || explained(failure)) continue;
    const bool again = TakeSecondLook(check.id, failure, now);
    if (!again && !TakeTurn(check.id, now)) continue;
    Confirmation ask{.agents = ChooseOthers(view.witness, *from), .check_ids = ChooseChecks(check)};
    ask.agents.insert(ask.agents.begin(), from->agent);
    ask.reason = Concat(check.id, " fails at ", from->agent, " (",
                        FailureClassName(view.Failure(id).klass), ")");
    Remember(ask, again, now);
    confirmations.push_back(std::move(ask));
  }
  return confirmations;
}

std::vector<std::string> Confirmer::ChooseChecks(const CheckEntry& failing) const {
  std::vector<std::string> checks = {failing.id};
  for (const auto& [id, check] : plan_) {
    if (checks.size() > kMaxSiblings) break;
    const std::string& provider = check.provider.empty() ? check.target : check.provider;
    const bool sends = check.leg == Leg::kDelivery;
    const bool related = check.leg != Leg::kControl && check.target == failing.target &&
                         provider == failing.provider;
    if (related && !sends && id != failing.id) checks.push_back(id);
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

bool Confirmer::TakeSecondLook(const std::string& check_id, const Reading& failure,
                               absl::Time now) {
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
  for (const std::string& check : confirmation.check_ids) {
    if (std::ranges::find(witnesses_, check) != witnesses_.end()) continue;
    Asked& asked = asked_[check];
    asked.again = again;
    if (!again) {
      asked.at = now;
      ++asked.rounds;
    }
  }
}

std::vector<Confirmation> Confirmer::AskWhetherOver(const std::string& incident_id,
                                                    const std::set<CellId>& cells,
                                                    const View& view) {
  const absl::Time now = ToTime(view.now);
  std::erase_if(asked_whether_over_,
                [&](const auto& entry) { return now - entry.second > kOverCoolDown; });
  if (cells.empty() || asked_whether_over_.contains(incident_id)) return {};
  std::set<std::string> agents, checks;
  for (const CellId id : cells) {
    const CheckCell& cell = view.evidence.At(id);
    if (agents.size() < kMaxAgentsWhetherOver) {
      agents.insert(view.catalog.AgentOf(cell.agent).name);
    }
    if (checks.size() < kMaxChecksWhetherOver) checks.insert(view.evidence.CheckOf(cell).id);
  }
  asked_whether_over_[incident_id] = now;
  return {{.agents = {agents.begin(), agents.end()},
           .check_ids = {checks.begin(), checks.end()},
           .reason = Concat("is ", incident_id, " over?")}};
}

}  // namespace postwatch::collector
