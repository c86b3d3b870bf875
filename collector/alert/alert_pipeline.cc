#include "collector/alert/alert_pipeline.h"

#include <optional>

#include "common/base/text.h"

namespace postwatch::collector {
namespace {

constexpr absl::Duration kForgetResolvedAfter = absl::Hours(1);

// Level stage: local faults are shown, never sent.
bool WakesSomebody(const Incident& incident) { return incident.alerting; }

// Dedup stage: worth saying again only if the blame or the gravity changed.
bool SaysSomethingNew(const Verdict& told, const Verdict& now) {
  return told.component != now.component || told.klass != now.klass ||
         told.severity != now.severity || told.level != now.level;
}

// Event stage: nothing when there is nothing to tell.
std::optional<AlertEvent> EventOf(const IncidentChange& change, const Alert* last) {
  if (change.kind == ChangeKind::kResolved) {
    // Resolved is told only to those who were told that it opened.
    return last == nullptr ? std::nullopt : std::optional(AlertEvent::kResolved);
  }
  if (last == nullptr) return AlertEvent::kOpened;
  if (last->event == AlertEvent::kResolved) return AlertEvent::kOpened;
  if (SaysSomethingNew(last->incident.verdict, change.incident.verdict)) {
    return AlertEvent::kChanged;
  }
  return std::nullopt;
}

// "inc-1a2b/3" -> 3.
int CountOf(const std::string& alert_id) {
  const size_t slash = alert_id.rfind('/');
  if (slash == alert_id.npos) return 0;
  return static_cast<int>(ParseInteger(std::string_view(alert_id).substr(slash + 1)).value_or(0));
}

}  // namespace

void AlertPipeline::Restore(const std::vector<Alert>& last_alerts) {
  for (const Alert& alert : last_alerts) {
    told_[alert.incident.id] = {.last = alert, .count = CountOf(alert.id)};
  }
}

std::vector<Delivery> AlertPipeline::Decide(const IncidentChange& change, absl::Time now) {
  if (!WakesSomebody(change.incident)) return {};
  const auto it = told_.find(change.incident.id);
  Alert* last = it == told_.end() ? nullptr : &it->second.last;
  const std::optional<AlertEvent> event = EventOf(change, last);
  if (!event) {
    if (last != nullptr) last->incident = change.incident;  // a reminder tells how it stands then
    return {};
  }
  return Tell(*event, change.incident, now);
}

std::vector<Delivery> AlertPipeline::Tick(absl::Time now) {
  std::erase_if(told_, [now](const auto& entry) {
    const Alert& last = entry.second.last;
    return last.event == AlertEvent::kResolved && now - last.decided > kForgetResolvedAfter;
  });
  std::vector<Incident> due;
  for (const auto& [id, told] : told_) {
    if (told.last.event == AlertEvent::kResolved) continue;
    if (now - told.last.decided >= options_.reminder_every) due.push_back(told.last.incident);
  }
  std::vector<Delivery> deliveries;
  for (const Incident& incident : due) {
    for (Delivery& delivery : Tell(AlertEvent::kReminder, incident, now)) {
      deliveries.push_back(std::move(delivery));
    }
  }
  return deliveries;
}

std::vector<Delivery> AlertPipeline::Tell(AlertEvent event, const Incident& incident,
                                          absl::Time now) {
  Told& told = told_[incident.id];
  ++told.count;
  told.last = {.id = Concat(incident.id, "/", told.count),
               .event = event,
               .dedup_key = Concat("postwatch:", incident.id),
               .incident = incident,
               .decided = now};
  std::vector<Delivery> deliveries;
  deliveries.reserve(options_.sinks.size());
  for (const std::string& sink : options_.sinks) {
    deliveries.push_back(
        {.id = Concat(told.last.id, "/", sink), .sink = sink, .alert = told.last, .due = now});
  }
  return deliveries;
}

}  // namespace postwatch::collector
