#include "collector/correlate/witness.h"

#include <algorithm>
#include <set>

#include "common/base/text.h"

namespace postwatch::collector {
namespace {

constexpr absl::Duration kForgotten = absl::Hours(24);  // then it is no longer of the fleet
constexpr size_t kMaxMembers = 10000;
constexpr size_t kMaxStatements = 128;  // an agent
constexpr absl::Duration kWitnessSlack = absl::Seconds(5);
constexpr int kStaleWitnessIntervals = 3;
constexpr absl::Duration kBlindFor = absl::Seconds(10);

// What a control failure of this class makes worthless.
bool Concerns(FailureClass trouble, Leg leg, Family family) {
  switch (trouble) {
    case FailureClass::kAgentPort25Blocked:
      return leg == Leg::kInbound;
    case FailureClass::kAgentClockBad:
    case FailureClass::kAgentTrustStoreStale:
      return family == Family::kCertificate;
    default:
      return true;
  }
}

std::string ClockTime(absl::Time time) {
  return absl::FormatTime("%H:%M:%SZ", time, absl::UTCTimeZone());
}

}  // namespace

bool IsPartial(FailureClass trouble) {
  return trouble == FailureClass::kAgentPort25Blocked || trouble == FailureClass::kAgentClockBad ||
         trouble == FailureClass::kAgentTrustStoreStale;
}

Witness::Witness(absl::Duration silent_after) : silent_after_(silent_after) {}

void Witness::Heard(const Vantage& vantage, absl::Time now) {
  const auto it = members_.find(vantage.agent);
  if (it == members_.end()) {
    if (members_.size() >= kMaxMembers) return;
    members_[vantage.agent] = {.vantage = vantage, .last_heard = now};
    return;
  }
  if (it->second.vantage != vantage) it->second.vantage = vantage;
  it->second.last_heard = std::max(it->second.last_heard, now);
}

void Witness::Forget(const std::string& agent) { members_.erase(agent); }

void Witness::Take(const std::string& agent, const Statement& statement) {
  has_control_checks_ = true;
  const auto it = members_.find(agent);
  if (it == members_.end()) return;
  std::deque<Statement>& all = it->second.statements;
  all.insert(std::ranges::upper_bound(all, statement.ended, {}, &Statement::ended), statement);
  if (all.size() > kMaxStatements) all.pop_front();
}

void Witness::Assess(absl::Time now) {
  std::erase_if(members_, [&](const auto& m) { return now - m.second.last_heard > kForgotten; });
  for (auto& [name, member] : members_) Judge(name, member, now);
  Conclude(now);
}

void Witness::Judge(const std::string& name, Member& member, absl::Time now) {
  member.mask = Mask::kNone;
  member.partly = false;
  member.reason.clear();
  member.klass = FailureClass::kUnspecified;
  member.blamed = {std::string(component::kAgent), name};
  if (now - member.last_heard > silent_after_) {
    member.mask = Mask::kSilent;
    member.reason = "silent";
    member.klass = FailureClass::kAgentNoNetwork;
    member.masked_since = member.last_heard;
    return;
  }
  if (member.statements.empty() || !member.statements.back().failed) return;
  const Statement& last = member.statements.back();
  if (now - last.ended > last.interval * kStaleWitnessIntervals + kWitnessSlack) return;
  size_t first = member.statements.size() - 1;
  while (first > 0 && member.statements[first - 1].failed) --first;
  member.partly = IsPartial(last.klass);
  if (!member.partly) member.mask = Mask::kWitness;
  member.klass = last.klass;
  member.reason = Concat("witness failing: ", FailureClassName(last.klass));
  member.masked_since = member.statements[first].began;
  if (last.klass == FailureClass::kAgentResolverDown && !member.vantage.resolver.empty()) {
    member.blamed = {std::string(component::kResolver), member.vantage.resolver};
  }
}

void Witness::Conclude(absl::Time now) {
  std::map<ComponentRef, FleetCondition> found;
  int masked = 0;
  for (const auto& [name, member] : members_) {
    if (member.mask == Mask::kNone && !member.partly) continue;
    if (member.mask != Mask::kNone) ++masked;
    FleetCondition& condition = found[member.blamed];
    if (condition.agents.empty()) {
      condition = {.component = member.blamed, .klass = member.klass, .since = member.masked_since};
    }
    condition.agents.push_back(name);
    condition.since = std::min(condition.since, member.masked_since);
    const std::string_view text = member.partly ? "what that spoils does not count"
                                  : member.mask == Mask::kSilent
                                      ? "its view is unknown, which does not mean down"
                                      : "its failures do not count against any service";
    condition.sentence =
        Concat("Agent ", Join(condition.agents, ", "), " (", member.vantage.region, ") ",
               member.reason, " since ", ClockTime(condition.since), "; ", text, ".");
  }
  conditions_.clear();
  for (auto& [component, condition] : found) conditions_.push_back(std::move(condition));
  const int all = static_cast<int>(members_.size());
  if (all < 2 || masked * 2 <= all) {
    blind_since_.reset();
    return;
  }
  if (!blind_since_) blind_since_ = now;
  if (now - *blind_since_ < kBlindFor) return;
  FleetCondition blind{.component = {"fleet", "visibility"},
                       .level = VerdictLevel::kInsufficientVisibility,
                       .klass = FailureClass::kAgentNoNetwork,
                       .since = *blind_since_};
  for (const auto& [name, member] : members_) {
    if (member.mask != Mask::kNone) blind.agents.push_back(name);
  }
  blind.sentence = Concat("Too little of the fleet can be believed to tell: ", masked, " of ", all,
                          " agents are silent or masked (", Join(blind.agents, ", "), ").");
  conditions_.push_back(std::move(blind));
}

const Vantage* Witness::Find(const std::string& agent) const {
  const auto it = members_.find(agent);
  return it == members_.end() ? nullptr : &it->second.vantage;
}

Mask Witness::MaskOf(const std::string& agent) const {
  const auto it = members_.find(agent);
  return it == members_.end() ? Mask::kNone : it->second.mask;
}

std::string Witness::MaskReason(const std::string& agent) const {
  const auto it = members_.find(agent);
  return it == members_.end() || it->second.mask == Mask::kNone ? "" : it->second.reason;
}

std::vector<const Vantage*> Witness::Agents() const {
  std::vector<const Vantage*> agents;
  for (const auto& [name, member] : members_) agents.push_back(&member.vantage);
  return agents;
}

FleetShape Witness::Shape() const {
  std::set<std::string> regions, networks;
  for (const auto& [name, member] : members_) {
    regions.insert(member.vantage.region);
    networks.insert(member.vantage.network);
  }
  return {static_cast<int>(members_.size()), static_cast<int>(regions.size()),
          static_cast<int>(networks.size())};
}

bool Witness::Excuses(const std::string& agent, Leg leg, Family family, absl::Time ended) const {
  const auto it = members_.find(agent);
  if (it == members_.end()) return false;
  if (it->second.mask == Mask::kSilent) return true;
  const std::deque<Statement>& all = it->second.statements;
  const auto next = std::ranges::upper_bound(all, ended + absl::Seconds(1), {}, &Statement::ended);
  if (next != all.begin()) {
    const Statement& before = *(next - 1);
    const bool recent = ended - before.ended <= before.interval * kStaleWitnessIntervals;
    if (before.failed && recent && Concerns(before.klass, leg, family)) return true;
  }
  if (next == all.end() || !next->failed) return false;
  const bool soon = next->began - ended <= next->interval + kWitnessSlack;
  return soon && Concerns(next->klass, leg, family);
}

bool Witness::IsVouchedFor(const std::string& agent) const {
  const auto it = members_.find(agent);
  if (it == members_.end()) return false;
  const std::deque<Statement>& statements = it->second.statements;
  if (statements.empty()) return !has_control_checks_;
  return !statements.back().failed || IsPartial(statements.back().klass);
}

std::string Witness::Account(const std::string& agent, absl::Time from, absl::Time to) const {
  const auto it = members_.find(agent);
  if (it == members_.end()) return "it is no longer of the fleet";
  std::optional<absl::Time> first, last;
  for (const Statement& statement : it->second.statements) {
    if (!statement.failed || statement.ended < from || statement.began > to) continue;
    if (!first) first = statement.began;
    last = statement.ended;
  }
  if (!first) return "it answers again; its witness reports nothing wrong with it meanwhile";
  return Concat("its witness failed from ", ClockTime(*first), " to ", ClockTime(*last),
                "; the failures it reports from then are its own and do not count");
}

}  // namespace postwatch::collector
