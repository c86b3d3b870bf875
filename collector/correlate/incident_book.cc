#include "collector/correlate/incident_book.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "collector/correlate/explain.h"
#include "common/base/text.h"

namespace postwatch::collector {
namespace {

constexpr absl::Duration kReopenWithin = absl::Minutes(10);
constexpr absl::Duration kAbsorbStragglers = absl::Minutes(15);
constexpr absl::Duration kNarrowAfter = absl::Seconds(30);
constexpr absl::Duration kEaseAfter = absl::Seconds(60);
constexpr absl::Duration kReportEvery = absl::Seconds(60);
constexpr absl::Duration kGrowsUpWithin = absl::Minutes(5);  // a local incident into a real one
constexpr absl::Duration kLocalIsKnown = absl::Seconds(60);
constexpr absl::Duration kShadowSlack = absl::Seconds(5);
constexpr absl::Duration kWorstLasts = absl::Seconds(60);  // then a smaller extent is the new one
constexpr double kDoubtful = 0.3;
constexpr size_t kMaxHistory = 200;
constexpr size_t kMaxClosed = 1000;

// A function of what opened it, the same on every machine.
std::string MakeId(const ComponentRef& component, absl::Time opened) {
  uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
  const std::string text = Concat(component.Text(), "@", absl::ToUnixMillis(opened));
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3;
  }
  hash ^= hash >> 32;
  return absl::StrFormat("inc-%012x", hash & 0xffffffffffff);
}

void Note(Incident& incident, absl::Time now, std::string text) {
  if (incident.history.size() >= kMaxHistory) incident.history.erase(incident.history.begin() + 1);
  incident.history.push_back({now, std::move(text)});
}

// How much of a provider a component is; 0 where that does not compare.
int Breadth(const ComponentRef& component) {
  switch (KindOf(component.kind)) {
    case Kind::kMx:
    case Kind::kSite:
      return 1;
    case Kind::kService:
      return 2;
    case Kind::kProvider:
      return 3;
    default:
      return 0;
  }
}

std::string ScopeText(const Verdict& verdict) {
  std::vector<std::string> parts;
  for (const ScopeRow& row : verdict.scope) {
    parts.push_back(Concat(row.region, row.failing > 0   ? " failing"
                                       : row.healthy > 0 ? " well"
                                                         : " unknown"));
  }
  return Join(parts, ", ");
}

// Services, hosts and front ends of one leg of one provider: at most one incident at a time.
bool IsSameLeg(const Verdict& a, const Verdict& b) {
  return a.level == VerdictLevel::kReal && b.level == VerdictLevel::kReal &&
         Breadth(a.component) > 0 && Breadth(b.component) > 0 && a.provider == b.provider &&
         a.leg == b.leg;
}

bool DiffersForPeople(const Verdict& a, const Verdict& b) {
  return a.component != b.component || a.klass != b.klass || a.level != b.level || a.leg != b.leg ||
         a.severity != b.severity || a.mail_loss != b.mail_loss || a.targets != b.targets ||
         ScopeText(a) != ScopeText(b);
}

int64_t FailingRegions(const Verdict& verdict) {
  return std::ranges::count_if(verdict.scope, [](const ScopeRow& row) { return row.failing > 0; });
}

bool IsLocalAgentKind(const ComponentRef& component) {
  return component.kind == component::kAgent || component.kind == "fleet";
}

}  // namespace

void IncidentBook::Restore(std::vector<Incident> open) {
  for (Incident& incident : open) {
    OpenIncident& entry = open_[incident.id];
    entry.of_fleet = IsLocalAgentKind(incident.verdict.component);
    entry.severity_since = incident.updated;
    entry.at_worst = incident.verdict;
    entry.at_worst_since = incident.updated;
    entry.incident = std::move(incident);
  }
}

std::vector<IncidentChange> IncidentBook::Reconcile(const std::vector<Proposal>& proposals,
                                                    absl::Time now) {
  ForgetOld(now);
  for (auto& [id, open] : open_) {
    if (open.proposed == absl::InfinitePast()) open.proposed = now;  // restored just now
  }
  std::set<ComponentRef> proposed;
  for (const Proposal& proposal : proposals) proposed.insert(proposal.verdict.component);
  Changes changes;
  for (const Proposal& proposal : proposals) Place(proposal, proposed, now, changes);
  return changes;
}

void IncidentBook::Place(const Proposal& proposal, const std::set<ComponentRef>& proposed,
                         absl::Time now, Changes& changes) {
  OpenIncident* open = FindOpen(proposal.verdict.component);
  std::vector<std::string> overlapping = Overlapping(proposal, proposed, now);
  ChangeKind kind = ChangeKind::kUpdated;
  if (open == nullptr && !overlapping.empty()) {
    const auto oldest = std::ranges::min_element(overlapping, {}, [&](const std::string& id) {
      return std::make_pair(open_.at(id).incident.opened, id);
    });
    open = &open_.at(*oldest);
    if (!MayTakeOver(*open, proposal, now)) return;
    overlapping.erase(oldest);
  }
  if (open == nullptr && (IsShadowed(proposal) || JoinSameLeg(proposal))) return;
  if (open == nullptr) {
    kind = ChangeKind::kOpened;
    open = Reopen(proposal, now);
    if (open == nullptr) open = &OpenNew(proposal, now);
  }
  const std::string id = open->incident.id;
  if (Refresh(*open, proposal, now) || kind == ChangeKind::kOpened) {
    open->incident.updated = now;
    open->reported = now;
    changes.push_back({kind, open->incident});
  }
  Merge(overlapping, id, now, changes);
}

OpenIncident* IncidentBook::FindOpen(const ComponentRef& component) {
  for (auto& [id, open] : open_) {
    if (open.incident.verdict.component == component) return &open;
  }
  return nullptr;
}

// Incidents about the same failures under another name, which nothing else proposes now.
std::vector<std::string> IncidentBook::Overlapping(const Proposal& proposal,
                                                   const std::set<ComponentRef>& proposed,
                                                   absl::Time now) const {
  std::vector<std::string> ids;
  if (proposal.of_fleet) return ids;
  for (const auto& [id, open] : open_) {
    const ComponentRef& component = open.incident.verdict.component;
    if (open.of_fleet || component == proposal.verdict.component) continue;
    if (proposed.contains(component)) continue;
    const bool downgrade = open.incident.verdict.level == VerdictLevel::kReal &&
                           proposal.verdict.level == VerdictLevel::kLocal;
    const bool long_known = open.incident.verdict.level == VerdictLevel::kLocal &&
                            proposal.verdict.level == VerdictLevel::kReal &&
                            now - open.incident.opened > kGrowsUpWithin;
    if (downgrade || long_known) continue;
    const bool part = std::ranges::find(proposal.also, component) != proposal.also.end();
    const auto shared = std::ranges::count_if(
        open.cells, [&](const CellKey& cell) { return proposal.cells.contains(cell); });
    const size_t smaller = std::min(open.cells.size(), proposal.cells.size());
    const bool same_leg = IsSameLeg(open.incident.verdict, proposal.verdict);
    if (part || same_leg || (shared > 0 && static_cast<size_t>(shared) * 2 >= smaller)) {
      ids.push_back(id);
    }
  }
  return ids;
}

bool IncidentBook::MayTakeOver(const OpenIncident& old, const Proposal& proposal,
                               absl::Time now) const {
  const bool grows_up = old.incident.verdict.level == VerdictLevel::kLocal &&
                        proposal.verdict.level == VerdictLevel::kReal;
  if (grows_up) return true;
  if (Breadth(proposal.verdict.component) > Breadth(old.incident.verdict.component)) return true;
  return now - old.proposed >= kNarrowAfter;
}

// A fault that an open real incident already accounts for: a local one, or another real one of
// which nothing new is seen.
bool IncidentBook::IsShadowed(const Proposal& proposal) const {
  if (proposal.of_fleet) return false;
  const bool local = proposal.verdict.level == VerdictLevel::kLocal;
  return std::ranges::any_of(open_, [&](const auto& entry) {
    const OpenIncident& open = entry.second;
    if (open.incident.verdict.level != VerdictLevel::kReal) return false;
    if (!local && proposal.newest > open.newest + kShadowSlack) return false;
    return std::ranges::includes(open.cells, proposal.cells);
  });
}

// The incident of that leg, itself still seen, accounts for these failures from now on.
bool IncidentBook::JoinSameLeg(const Proposal& proposal) {
  for (auto& [id, open] : open_) {
    if (!IsSameLeg(open.incident.verdict, proposal.verdict)) continue;
    open.cells.insert(proposal.cells.begin(), proposal.cells.end());
    return true;
  }
  return false;
}

OpenIncident& IncidentBook::OpenNew(const Proposal& proposal, absl::Time now) {
  const std::string id = MakeId(proposal.verdict.component, now);
  OpenIncident& open = open_[id];
  open.incident = {.id = id,
                   .verdict = proposal.verdict,
                   .opened = now,
                   .started = proposal.started,
                   .updated = now};
  open.severity_since = now;
  Note(open.incident, now, Concat("opened: ", proposal.verdict.explanation));
  return open;
}

OpenIncident* IncidentBook::Reopen(const Proposal& proposal, absl::Time now) {
  for (auto it = closed_.rbegin(); it != closed_.rend(); ++it) {
    if (!it->settles || now - it->at > kReopenWithin) continue;
    if (it->last.incident.verdict.component != proposal.verdict.component) continue;
    OpenIncident open = std::move(it->last);
    closed_.erase(std::next(it).base());
    open.incident.state = IncidentState::kOpen;
    open.incident.ended.reset();
    ++open.reopened;
    Note(open.incident, now, Concat("again: ", proposal.verdict.explanation));
    const std::string id = open.incident.id;
    return &(open_[id] = std::move(open));
  }
  return nullptr;
}

void IncidentBook::Merge(const std::vector<std::string>& ids, const std::string& into,
                         absl::Time now, Changes& changes) {
  for (const std::string& id : ids) {
    const auto it = open_.find(id);
    if (it == open_.end() || id == into) continue;
    OpenIncident& target = open_.at(into);
    target.cells.insert(it->second.cells.begin(), it->second.cells.end());
    target.also.insert(it->second.also.begin(), it->second.also.end());
    target.incident.started = std::min(target.incident.started, it->second.incident.started);
    changes.push_back(Resolve(id, now, Concat("the same fault as ", into), now));
    closed_.back().settles = false;
  }
}

bool IncidentBook::Refresh(OpenIncident& open, const Proposal& proposal, absl::Time now) {
  Incident& incident = open.incident;
  const Verdict before = incident.verdict;
  Verdict verdict = proposal.verdict;
  const bool same = before.component == verdict.component;
  const int64_t failing = FailingRegions(verdict);
  // While it is only waited for to be over, it is told as it was.
  const bool ebbs = same && failing == 0 && FailingRegions(before) > 0;
  if (ebbs) verdict = before;
  // What is left of a fault that ends no longer tells how sure it was.
  if (same && verdict.confidence < kDoubtful && before.confidence > verdict.confidence) {
    verdict.confidence = before.confidence;
    verdict.alternatives = before.alternatives;
  }
  // The class on the page stays while failures of it are still seen.
  const std::string class_before(FailureClassName(before.klass));
  if (same && verdict.evidence.classes.contains(class_before)) verdict.klass = before.klass;
  // Gravity grows at once and eases slowly.
  const bool eases = verdict.severity > before.severity;
  if (same && eases && now - open.severity_since < kEaseAfter) verdict.severity = before.severity;
  if (verdict.severity != before.severity) open.severity_since = now;
  if (!same) {
    Note(incident, now,
         Concat("now ", verdict.component.Text(), " (was ", before.component.Text(),
                "): ", verdict.explanation));
  } else if (ScopeText(before) != ScopeText(verdict)) {
    Note(incident, now, ScopeText(verdict));
  }
  if (same && verdict.severity != before.severity) {
    Note(incident, now,
         Concat(SeverityName(verdict.severity), " (was ", SeverityName(before.severity), ")"));
  }
  const bool pages_now = proposal.alerting && !incident.alerting;
  incident.alerting = incident.alerting || proposal.alerting;
  incident.started = std::min(incident.started, proposal.started);
  incident.verdict = std::move(verdict);
  const bool at_worst = failing >= FailingRegions(open.at_worst) && !ebbs;
  const bool lasting = now - open.at_worst_since >= kWorstLasts && failing > 0;
  if (!same || at_worst || lasting) {
    open.at_worst = incident.verdict;
    open.at_worst_since = now;
  }
  open.of_fleet = proposal.of_fleet;
  open.proposed = now;
  open.newest = std::max(open.newest, proposal.newest);
  open.cells.insert(proposal.cells.begin(), proposal.cells.end());
  open.also.insert(proposal.also.begin(), proposal.also.end());
  return pages_now || DiffersForPeople(before, incident.verdict) ||
         (now - open.reported >= kReportEvery && before != incident.verdict);
}

IncidentChange IncidentBook::Resolve(const std::string& id, absl::Time ended,
                                     const std::string& why, absl::Time now) {
  OpenIncident open = std::move(open_.at(id));
  open_.erase(id);
  Incident& incident = open.incident;
  incident.state = IncidentState::kResolved;
  if (open.at_worst.component == incident.verdict.component) incident.verdict = open.at_worst;
  incident.ended = std::max(ended, incident.started);
  incident.updated = now;
  Note(incident, now, Concat("resolved: ", why));
  IncidentChange change{ChangeKind::kResolved, incident};
  closed_.push_back({std::move(open), now, true});
  if (closed_.size() > kMaxClosed) closed_.erase(closed_.begin());
  return change;
}

std::vector<SettledFault> IncidentBook::Settled(absl::Time now) const {
  std::vector<SettledFault> settled;
  const auto add = [&](const OpenIncident& entry, absl::Time ended, bool over) {
    const Incident& incident = entry.incident;
    const Kind kind = KindOf(incident.verdict.component.kind);
    const bool redundant = kind == Kind::kMx || kind == Kind::kNameServer;
    const bool of_letters = kind == Kind::kQueue || kind == Kind::kMailbox;
    const bool keeps_letters =
        incident.verdict.level == VerdictLevel::kReal && !redundant && (over || !of_letters);
    settled.push_back(
        {incident.verdict.component, incident.verdict.provider, incident.started, ended, over,
         keeps_letters, entry.also,
         incident.verdict.level == VerdictLevel::kReal ? entry.cells : std::set<CellKey>{}});
  };
  for (const Closed& closed : closed_) {
    if (closed.settles && !closed.last.of_fleet)
      add(closed.last, *closed.last.incident.ended, true);
  }
  for (const auto& [id, open] : open_) {
    if (!open.of_fleet) add(open, now, false);
  }
  return settled;
}

KnownFaults IncidentBook::Known(absl::Time now) const {
  KnownFaults known;
  for (const auto& [id, open] : open_) {
    const Incident& incident = open.incident;
    if (incident.verdict.level == VerdictLevel::kReal) {
      known.real.insert(incident.verdict.component);
    } else if (!open.of_fleet && now - incident.opened >= kLocalIsKnown) {
      known.local.insert(incident.verdict.component);
    }
  }
  return known;
}

bool IncidentBook::Explains(const CellKey& cell) const {
  return std::ranges::any_of(open_,
                             [&](const auto& entry) { return entry.second.cells.contains(cell); });
}

std::set<CellKey> IncidentBook::ExplainedCells() const {
  std::set<CellKey> cells;
  for (const auto& [id, open] : open_) cells.insert(open.cells.begin(), open.cells.end());
  return cells;
}

void IncidentBook::ForgetOld(absl::Time now) {
  std::erase_if(closed_, [&](const Closed& c) { return now - c.at > kAbsorbStragglers; });
}

}  // namespace postwatch::collector
