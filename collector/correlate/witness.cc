#include "collector/correlate/witness.h"

#include <algorithm>
#include <set>

#include "common/base/text.h"

namespace postwatch::collector {
namespace {

constexpr absl::Duration kForgotten = absl::Hours(24);  // then it is no longer of the fleet
constexpr size_t kMaxMembers = 10000;
constexpr absl::Duration kWitnessSlack = absl::Seconds(5);
constexpr int kStaleWitnessIntervals = 3;
constexpr size_t kProvidersForBreadth = 2;
constexpr absl::Duration kBlindFor = absl::Seconds(10);

bool IsFailing(const Cell& cell, absl::Time now) {
  const Record* latest = cell.Latest();
  return latest != nullptr && latest->outcome == Outcome::kFail && cell.IsFresh(*latest, now);
}

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

bool IsPartial(FailureClass trouble) {
  return trouble == FailureClass::kAgentPort25Blocked || trouble == FailureClass::kAgentClockBad ||
         trouble == FailureClass::kAgentTrustStoreStale;
}

std::string ClockTime(absl::Time time) {
  return absl::FormatTime("%H:%M:%SZ", time, absl::UTCTimeZone());
}

}  // namespace

Witness::Witness(absl::Duration silent_after) : silent_after_(silent_after) {}

void Witness::Heard(const Vantage& vantage, absl::Time now) {
  const auto it = members_.find(vantage.agent);
  if (it == members_.end()) {
    if (members_.size() >= kMaxMembers) return;
    members_[vantage.agent] = {.vantage = vantage, .last_heard = now};
    return;
  }
  it->second.vantage = vantage;
  it->second.last_heard = std::max(it->second.last_heard, now);
}

void Witness::Forget(const std::string& agent) { members_.erase(agent); }

void Witness::Assess(const Evidence& evidence, absl::Time now) {
  std::erase_if(members_, [&](const auto& m) { return now - m.second.last_heard > kForgotten; });
  Listen(evidence);
  for (auto& [name, member] : members_) JudgeAlone(name, member, now);
  JudgeBreadth(evidence, now);
  Conclude(now);
}

void Witness::Listen(const Evidence& evidence) {
  has_control_checks_ = evidence.has_control_checks();
  for (auto& [name, member] : members_) member.statements.clear();
  for (const auto& [key, cell] : evidence.cells()) {
    if (cell.leg != Leg::kControl) continue;
    const auto it = members_.find(key.agent);
    if (it == members_.end()) continue;
    for (const Record& record : cell.records) {
      if (record.outcome == Outcome::kNotTested) continue;
      it->second.statements.push_back({record.began, record.ended, record.outcome == Outcome::kFail,
                                       record.klass, cell.interval});
    }
  }
  for (auto& [name, member] : members_) {
    std::ranges::stable_sort(member.statements, {}, &Statement::ended);
  }
}

void Witness::JudgeAlone(const std::string& name, Member& member, absl::Time now) {
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

Witness::Views Witness::Survey(const Evidence& evidence, absl::Time now) const {
  std::map<std::string, std::map<std::string, std::pair<int, int>>> counts;  // failing, all
  for (const auto& [key, cell] : evidence.cells()) {
    if (cell.leg == Leg::kControl || MaskOf(key.agent) != Mask::kNone) continue;
    const Record* latest = cell.Latest();
    if (latest == nullptr || !cell.IsFresh(*latest, now)) continue;
    auto& [failing, all] = counts[key.agent][cell.provider];
    ++all;
    if (latest->outcome == Outcome::kFail && !Excuses(cell, *latest)) ++failing;
  }
  Views views;
  for (const auto& [agent, providers] : counts) {
    for (const auto& [provider, count] : providers) {
      views[agent][provider] = count.first * 2 > count.second;
    }
  }
  return views;
}

bool Witness::IsCorroborated(const Views& views, const Member& member,
                             const std::string& provider) const {
  for (const auto& [agent, providers] : views) {
    const auto other = members_.find(agent);
    if (other == members_.end()) continue;
    const Vantage& vantage = other->second.vantage;
    if (vantage.agent == member.vantage.agent) continue;
    if (!vantage.network.empty() && vantage.network == member.vantage.network) continue;
    const auto view = providers.find(provider);
    if (view != providers.end() && view->second) return true;
  }
  return false;
}

void Witness::JudgeBreadth(const Evidence& evidence, absl::Time now) {
  const Views views = Survey(evidence, now);
  std::vector<Member*> alone;
  for (const auto& [agent, providers] : views) {
    const auto it = members_.find(agent);
    if (it == members_.end() || providers.size() < kProvidersForBreadth) continue;
    size_t failing = 0, uncorroborated = 0;
    for (const auto& [provider, fails] : providers) {
      if (!fails) continue;
      ++failing;
      if (!IsCorroborated(views, it->second, provider)) ++uncorroborated;
    }
    const bool nearly_all = failing * 5 >= providers.size() * 4;
    if (!nearly_all || uncorroborated < kProvidersForBreadth || uncorroborated * 2 < failing) {
      continue;
    }
    it->second.reason = Concat("failing everywhere: ", failing, " of ", providers.size(),
                               " providers, seen by nobody else");
    alone.push_back(&it->second);
  }
  for (Member* member : alone) BlameBreadth(evidence, *member, now);
}

// Its resolver when all it sees are failed lookups, else the agent itself.
void Witness::BlameBreadth(const Evidence& evidence, Member& member, absl::Time now) {
  const std::string& agent = member.vantage.agent;
  member.mask = Mask::kBreadth;
  member.masked_since = now;
  bool only_lookups = true;
  for (auto it = evidence.cells().lower_bound({agent, ""});
       it != evidence.cells().end() && it->first.agent == agent; ++it) {
    if (it->second.leg == Leg::kControl || !IsFailing(it->second, now)) continue;
    const std::vector<Record>& records = it->second.records;
    auto first = records.end() - 1;
    while (first != records.begin() && (first - 1)->outcome == Outcome::kFail) --first;
    member.masked_since = std::min(member.masked_since, first->began);
    member.klass = records.back().klass;
    only_lookups = only_lookups && records.back().family == Family::kLookup;
  }
  if (only_lookups && !member.vantage.resolver.empty()) {
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

bool Witness::IsPartlyUnwell(const std::string& agent) const {
  const auto it = members_.find(agent);
  return it != members_.end() && it->second.partly;
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

const Witness::Statement* Witness::Excusing(const Member& member, const Cell& cell,
                                            const Record& failure) const {
  const auto& all = member.statements;
  const auto next =
      std::ranges::upper_bound(all, failure.ended + absl::Seconds(1), {}, &Statement::ended);
  if (next != all.begin()) {
    const Statement& before = *(next - 1);
    const bool recent = failure.ended - before.ended <= before.interval * kStaleWitnessIntervals;
    if (before.failed && recent && Concerns(before.klass, cell.leg, failure.family)) return &before;
  }
  if (next == all.end() || !next->failed) return nullptr;
  const bool soon = next->began - failure.ended <= next->interval + kWitnessSlack;
  return soon && Concerns(next->klass, cell.leg, failure.family) ? &*next : nullptr;
}

bool Witness::Excuses(const Cell& cell, const Record& failure) const {
  const auto it = members_.find(cell.key.agent);
  if (it == members_.end()) return false;
  const Member& member = it->second;
  if (member.mask == Mask::kSilent || member.mask == Mask::kBreadth) return true;
  return Excusing(member, cell, failure) != nullptr;
}

bool Witness::IsVouchedFor(const std::string& agent) const {
  const auto it = members_.find(agent);
  if (it == members_.end()) return false;
  const std::vector<Statement>& statements = it->second.statements;
  if (statements.empty()) return !has_control_checks_;
  return !statements.back().failed || IsPartial(statements.back().klass);
}

std::string Witness::Account(const Evidence& evidence, const std::string& agent, absl::Time from,
                             absl::Time to) const {
  const auto it = members_.find(agent);
  if (it == members_.end()) return "it is no longer of the fleet";
  std::optional<absl::Time> first, last;
  for (const Statement& statement : it->second.statements) {
    if (!statement.failed || statement.ended < from || statement.began > to) continue;
    if (!first) first = statement.began;
    last = statement.ended;
  }
  int64_t excused = 0;
  for (auto cell = evidence.cells().lower_bound({agent, ""});
       cell != evidence.cells().end() && cell->first.agent == agent; ++cell) {
    if (cell->second.leg == Leg::kControl) continue;
    for (const Record& record : cell->second.records) {
      const bool within = record.ended >= from && record.began <= to;
      if (within && record.outcome == Outcome::kFail && Excuses(cell->second, record)) ++excused;
    }
  }
  if (!first) return "it answers again; its witness reports nothing wrong with it meanwhile";
  return Concat("its witness failed from ", ClockTime(*first), " to ", ClockTime(*last), "; ",
                excused, " failures it reports from then are its own and do not count");
}

}  // namespace postwatch::collector
