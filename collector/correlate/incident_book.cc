#include "collector/correlate/incident_book.h"

#include <algorithm>

#include "collector/correlate/explain.h"
#include "collector/correlate/orphaned.h"
#include "collector/correlate/same_fault.h"
#include "collector/correlate/verdict_change.h"
#include "common/base/text.h"

namespace postwatch::collector {
namespace {

constexpr absl::Duration kReopenWithin = absl::Minutes(20);  // or some runs of its checks
constexpr double kReopenWithinRuns = 8;
constexpr absl::Duration kRememberClosed = absl::Hours(1);
constexpr absl::Duration kNarrowAfter = absl::Seconds(30);
constexpr absl::Duration kEaseAfter = absl::Seconds(60), kReportEvery = absl::Seconds(60);
constexpr absl::Duration kWorstLasts = absl::Seconds(60);  // then a smaller extent is the new one
constexpr absl::Duration kConditionHold = absl::Seconds(20);
constexpr double kLaunchedBefore = 60, kLaunchedAfter = 10;  // of stragglers, in seconds
constexpr size_t kMaxPartsNamed = 5;
constexpr size_t kMaxHistory = 200;
constexpr size_t kMaxClosed = 1000;
constexpr size_t kMaxLocal = 500, kMaxOpen = 1000;

void Note(Incident& incident, absl::Time now, std::string text) {
  if (incident.history.size() >= kMaxHistory) incident.history.erase(incident.history.begin() + 1);
  incident.history.push_back({now, std::move(text)});
}

bool IsLocalAgentKind(const ComponentRef& component) {
  return component.kind == component::kAgent || component.kind == "fleet";
}

}  // namespace

void IncidentBook::Restore(std::vector<Incident> open, std::vector<Incident> resolved) {
  for (Incident& incident : open) {
    const std::string id = incident.id;
    open_[id] = Restored(std::move(incident));
  }
  std::ranges::sort(resolved, {}, &Incident::updated);
  for (Incident& incident : resolved) {
    const absl::Time at = incident.updated;
    closed_.push_back({Restored(std::move(incident)), at});
  }
}

OpenIncident IncidentBook::Restored(Incident incident) {
  const ComponentRef& blamed = incident.verdict.component;
  OpenIncident entry;
  entry.component = catalog_.Component(blamed);
  entry.kind = KindOf(blamed.kind);
  entry.of_fleet = IsLocalAgentKind(blamed);
  entry.share = incident.verdict.failing_share;
  entry.at_worst = incident.verdict;
  entry.at_worst_since = incident.updated;
  entry.reopened = incident.reopened ? 1 : 0;
  entry.recovery.Resume(ToSeconds(incident.updated));
  entry.incident = std::move(incident);
  return entry;
}

std::vector<IncidentChange> IncidentBook::Reconcile(const std::vector<Proposal>& proposals,
                                                    const View& view) {
  const absl::Time now = ToTime(view.now);
  std::erase_if(closed_, [&](const Closed& c) { return now - c.at > kRememberClosed; });
  for (auto& [id, open] : open_) {
    if (open.proposed == absl::InfinitePast()) open.proposed = now;  // restored just now
  }
  std::set<ComponentId> proposed;
  std::vector<const Proposal*> order;
  for (const Proposal& proposal : proposals) {
    proposed.insert(proposal.component);
    order.push_back(&proposal);
  }
  // The broadest first, for what is part of it to join it.
  std::ranges::stable_sort(order, std::ranges::greater(), [](const Proposal* proposal) {
    return Breadth(KindOf(proposal->verdict.component.kind));
  });
  Changes changes;
  for (const Proposal* proposal : order) Place(*proposal, proposed, view, changes);
  return changes;
}

void IncidentBook::Place(const Proposal& proposal, const std::set<ComponentId>& proposed,
                         const View& view, Changes& changes) {
  const absl::Time now = ToTime(view.now);
  OpenIncident* open = FindOpen(proposal.verdict.component);
  ChangeKind kind = ChangeKind::kUpdated;
  if (open == nullptr) {
    if (!proposal.firm) return;
    bool part = false;
    open = FindSame(proposal, proposed, view, part);
    if (part) return;
  }
  if (open == nullptr) {
    kind = ChangeKind::kOpened;
    open = Reopen(proposal, view);
    if (open == nullptr && !HasRoomFor(proposal)) return;
    if (open == nullptr) open = &OpenNew(proposal, now);
  }
  Absorb(proposal, *open, proposed, view, changes);
  if (Refresh(*open, proposal, view) || kind == ChangeKind::kOpened) {
    open->incident.updated = now;
    open->reported = now;
    changes.push_back({kind, open->incident});
  }
}

// What one agent makes up must not keep out what many see.
bool IncidentBook::HasRoomFor(const Proposal& proposal) const {
  const bool real = proposal.verdict.level == VerdictLevel::kReal;
  return open_.size() < (real ? kMaxOpen : kMaxLocal);
}

OpenIncident* IncidentBook::FindOpen(const ComponentRef& component) {
  for (auto& [id, open] : open_) {
    if (open.incident.verdict.component == component) return &open;
  }
  return nullptr;
}

bool IncidentBook::IsOpen(const ComponentRef& component) const {
  return std::ranges::any_of(open_, [&](const auto& entry) {
    return entry.second.incident.verdict.component == component;
  });
}

// The open incident that is about the same fault under another name. `part`: nothing is to be
// done, as the proposal is a part of it, or not to be believed against it.
OpenIncident* IncidentBook::FindSame(const Proposal& proposal,
                                     const std::set<ComponentId>& proposed, const View& view,
                                     bool& part) {
  if (proposal.of_fleet) return nullptr;
  const bool real = proposal.verdict.level == VerdictLevel::kReal;
  OpenIncident* oldest = nullptr;
  for (auto& [id, open] : open_) {
    if (open.of_fleet) continue;
    if (oldest != nullptr && oldest->incident.opened <= open.incident.opened) continue;
    const bool alerting = real && open.incident.alerting;
    const bool idle = !proposed.contains(open.component);
    const bool broader = Breadth(KindOf(proposal.verdict.component.kind)) > Breadth(open.kind);
    const bool grows =
        alerting && (Outgrows(proposal, open, view) || (broader && SharesOnset(proposal, open)));
    const bool joins = alerting && (open.also.contains(proposal.component) ||
                                    Joins(proposal, open, view) || SharesOnset(proposal, open));
    const bool takes = grows || (idle && (joins || TakesOver(proposal, open, view)));
    if (!takes && !joins) continue;
    const bool downgrade = !real && open.incident.verdict.level == VerdictLevel::kReal;
    const bool hasty =
        !grows && open.incident.alerting && idle && ToTime(view.now) - open.proposed < kNarrowAfter;
    part = downgrade || hasty || !takes;
    oldest = &open;
  }
  if (oldest != nullptr && part && real) oldest->also.insert(proposal.component);
  return oldest;
}

// What was told apart before it was seen to be of one piece becomes part of it.
void IncidentBook::Absorb(const Proposal& proposal, OpenIncident& whole,
                          const std::set<ComponentId>& proposed, const View& view,
                          Changes& changes) {
  if (!proposal.alerting) return;
  std::vector<std::string> parts;
  for (const auto& [id, open] : open_) {
    if (&open == &whole || open.of_fleet || !open.incident.alerting) continue;
    if (!proposed.contains(open.component) && Outgrows(proposal, open, view)) parts.push_back(id);
  }
  const absl::Time now = ToTime(view.now);
  for (const std::string& id : parts) {
    whole.also.insert(open_.at(id).component);
    whole.incident.started = std::min(whole.incident.started, open_.at(id).incident.started);
    changes.push_back(Resolve(id, now, Concat("it is part of ", whole.incident.id), now));
    closed_.back().joined = true;
  }
}

OpenIncident& IncidentBook::OpenNew(const Proposal& proposal, absl::Time now) {
  const std::string id = MakeIncidentId(proposal.verdict.component, now);
  OpenIncident& open = open_[id];
  open.incident = {.id = id,
                   .verdict = proposal.verdict,
                   .opened = now,
                   .started = proposal.started,
                   .updated = now,
                   .revision = revision_};
  Note(open.incident, now, Concat("opened: ", proposal.verdict.explanation));
  return open;
}

// The latest incident about the same, if it is not long over.
OpenIncident* IncidentBook::Reopen(const Proposal& proposal, const View& view) {
  const absl::Time now = ToTime(view.now);
  const absl::Duration within =
      std::max(kReopenWithin, absl::Seconds(proposal.interval * kReopenWithinRuns));
  for (auto it = closed_.rbegin(); it != closed_.rend(); ++it) {
    if (it->joined || now - it->at > within) continue;
    const bool same = it->last.incident.verdict.component == proposal.verdict.component;
    const bool related = proposal.alerting && it->last.incident.alerting &&
                         IsAlike(proposal.verdict, it->last.incident.verdict) &&
                         (Joins(proposal, it->last, view) || IsNearby(proposal, it->last) ||
                          SharesOnset(proposal, it->last));
    if (!same && !related) continue;
    OpenIncident open = std::move(it->last);
    closed_.erase(std::next(it).base());
    open.incident.state = IncidentState::kOpen;
    open.incident.ended.reset();
    open.incident.reopened = proposal.started;
    open.recovery = {};
    open.component = kNoComponent;  // so that its failures are taken anew
    if (same) ++open.reopened;
    Note(open.incident, now, Concat("again: ", proposal.verdict.explanation));
    const std::string id = open.incident.id;
    return &(open_[id] = std::move(open));
  }
  return nullptr;
}

std::string IncidentBook::ExplainWithParts(const OpenIncident& open,
                                           const Proposal& proposal) const {
  std::vector<ComponentRef> parts;
  for (const ComponentId id : open.also) {
    if (id != proposal.component && parts.size() < kMaxPartsNamed)
      parts.push_back(catalog_.Ref(id));
  }
  if (parts.empty()) return proposal.verdict.explanation;
  return Explain(proposal.verdict, proposal.started, proposal.guarded, parts);
}

bool IncidentBook::Refresh(OpenIncident& open, const Proposal& proposal, const View& view) {
  const absl::Time now = ToTime(view.now);
  Incident& incident = open.incident;
  const Verdict before = incident.verdict;
  Verdict verdict = proposal.verdict;
  verdict.explanation = ExplainWithParts(open, proposal);
  const bool same = before.component == verdict.component;
  const int64_t failing = FailingRegions(verdict);
  // While it is only waited for to be over, it is told and judged as it was.
  const bool ebbs = same && failing == 0 && FailingRegions(before) > 0;
  if (ebbs) verdict = before;
  // What is left of a fault that ends no longer tells how sure it was.
  if (same && before.confidence > verdict.confidence) {
    verdict.confidence = before.confidence;
    verdict.alternatives = before.alternatives;
  }
  // Blame alone, once laid, rules nothing out.
  if (same && verdict.alternatives.empty()) verdict.alternatives = before.alternatives;
  // The class on the page stays while failures of it are still seen.
  const std::string class_before(FailureClassName(before.klass));
  if (same && verdict.evidence.classes.contains(class_before)) verdict.klass = before.klass;
  // Gravity grows at once, and eases when it has been milder for a while.
  if (!same || verdict.severity <= before.severity) {
    open.milder_since.reset();
  } else {
    if (!open.milder_since) open.milder_since = now;
    if (now - *open.milder_since < kEaseAfter) {
      verdict.severity = before.severity;
    } else {
      open.milder_since.reset();
    }
  }
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
  open.proposed = now;
  if (open.component != proposal.component || open.of_fleet != proposal.of_fleet) {
    for (const FailureId id : proposal.failures) {
      const Reading& reading = view.Failure(id).reading;
      open.recovery.TakeFailure(reading, catalog_.AgentOf(reading.agent));
    }
  }
  open.component = proposal.component;
  open.of_fleet = proposal.of_fleet;
  open.kind = KindOf(incident.verdict.component.kind);
  if (!ebbs) open.share = proposal.share;
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
  closed_.push_back({std::move(open), now});
  if (closed_.size() > kMaxClosed) closed_.erase(closed_.begin());
  return change;
}

bool IncidentBook::Take(const Reading& reading) {
  bool accounted = false;
  for (auto& [id, open] : open_) {
    if (open.of_fleet) continue;
    const AgentEntry& agent = catalog_.AgentOf(reading.agent);
    if (!reading.failed()) {
      if (catalog_.Crosses(reading.route, open.component)) {
        open.recovery.TakePass(reading, agent, open.share);
      }
    } else if (Accounts(open, reading, catalog_)) {
      accounted = true;
      open.recovery.TakeFailure(reading, agent);
    }
  }
  return accounted;
}

bool IncidentBook::IsStraggler(const Reading& reading) const {
  return std::ranges::any_of(closed_, [&](const Closed& closed) {
    const Incident& incident = closed.last.incident;
    if (closed.last.of_fleet || closed.joined) return false;
    return reading.began >= ToSeconds(incident.started) - kLaunchedBefore &&
           reading.began <= ToSeconds(*incident.ended) + kLaunchedAfter &&
           Accounts(closed.last, reading, catalog_);
  });
}

std::vector<IncidentChange> IncidentBook::CloseWhatIsOver(const View& view) {
  const absl::Time now = ToTime(view.now);
  Changes changes;
  std::vector<std::string> ids;
  for (const auto& [id, open] : open_) ids.push_back(id);
  for (const std::string& id : ids) {
    const OpenIncident& open = open_.at(id);
    const Incident& incident = open.incident;
    if (open.of_fleet) {
      if (now - open.proposed < kConditionHold) continue;
      std::string why = "the condition is gone";
      const ComponentRef& blamed = incident.verdict.component;
      if (blamed.kind == component::kAgent) {
        why = Concat("agent ", blamed.name, ": ",
                     view.witness.Account(blamed.name, incident.started, now));
      }
      changes.push_back(Resolve(id, open.proposed, why, now));
      continue;
    }
    if (const std::string why = WhyOrphaned(open, view); !why.empty()) {
      changes.push_back(Resolve(id, now, why, now));
      Settle(closed_.back().last, view);
      continue;
    }
    const bool real = incident.verdict.level == VerdictLevel::kReal;
    const Recovery::Outcome outcome = open.recovery.Judge(view.now, real, open.reopened);
    if (!outcome.over) continue;
    changes.push_back(Resolve(id, ToTime(outcome.ended), outcome.why, now));
    Settle(closed_.back().last, view);
  }
  return changes;
}

// What it explains opens nothing anew.
void IncidentBook::Settle(const OpenIncident& over, const View& view) {
  const double since = ToSeconds(over.incident.started) - kLaunchedBefore;
  for (FailureId id = view.log.begin(); id < view.log.end(); ++id) {
    const FailureRecord& failure = view.Failure(id);
    if (!failure.settled && failure.reading.ended >= since &&
        Accounts(over, failure.reading, catalog_)) {
      settled_.push_back(id);
    }
  }
}

std::set<ComponentId> IncidentBook::Blamed() const {
  std::set<ComponentId> blamed;
  for (const auto& [id, open] : open_) {
    if (!open.of_fleet) blamed.insert(open.component);
  }
  return blamed;
}

std::vector<FailureId> IncidentBook::TakeSettled() { return std::exchange(settled_, {}); }

}  // namespace postwatch::collector
