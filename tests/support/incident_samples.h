// Incident samples: one outage with every field set, and the alerts about it.
#pragma once

#include <string>

#include "absl/time/time.h"
#include "collector/model/alert.h"

namespace postwatch::collector {

// 2026-11-02 12:00:00 UTC.
inline absl::Time Noon() {
  return absl::FromCivil(absl::CivilSecond(2026, 11, 2, 12, 0, 0), absl::UTCTimeZone());
}

// IMAP of alpha.test refuses connections from two of three regions; opened at noon.
inline Incident AccessOutage() {
  Incident incident;
  incident.id = "inc-0123456789ab";
  incident.alerting = true;
  incident.opened = Noon();
  incident.started = Noon() - absl::Seconds(42);
  incident.updated = Noon();
  incident.history = {{Noon(), "opened: alpha refuses IMAP"}};
  Verdict& verdict = incident.verdict;
  verdict.component = {"svc", "alpha/imap"};
  verdict.klass = FailureClass::kTcpRefused;
  verdict.level = VerdictLevel::kReal;
  verdict.leg = Leg::kAccess;
  verdict.severity = Severity::kSev2;
  verdict.mail_loss = MailLoss::kAccessible;
  verdict.provider = "alpha";
  verdict.targets = {"alpha.test"};
  verdict.targets_hit = 1;
  verdict.confidence = 0.9;
  verdict.failing_share = 0.5;
  verdict.scope = {{"ap", 0, 1, 0}, {"eu", 2, 0, 0}, {"us", 1, 1, 0}};
  verdict.evidence.failures = 7;
  verdict.evidence.passes = 3;
  verdict.evidence.gain = 31.5;
  verdict.evidence.bounded = 21.25;
  verdict.evidence.odds = 9.5;
  verdict.evidence.share = 0.75;
  verdict.evidence.reach = 1;
  verdict.evidence.looked = 5;
  verdict.evidence.against = 1;
  verdict.evidence.masked = {{"sa-1", "silent"}};
  verdict.evidence.agents = {"eu-1", "eu-2", "us-1"};
  verdict.evidence.networks = {"AS64500", "AS64501"};
  verdict.evidence.classes = {{"tcp_refused", 6}, {"tcp_timeout", 1}};
  verdict.evidence.observation_ids = {"00000000000000000000000000000001"};
  verdict.evidence.replies = {"* BYE overloaded"};
  verdict.alternatives = {{{"site", "198.51.100.7"}, 0.08, "imap.access from eu over IPv6"}};
  verdict.explanation = "IMAP of alpha refuses connections in eu and us.";
  return incident;
}

// The same, over five minutes after noon.
inline Incident ResolvedOutage() {
  Incident incident = AccessOutage();
  incident.state = IncidentState::kResolved;
  incident.ended = Noon() + absl::Seconds(270);
  incident.updated = Noon() + absl::Minutes(5);
  return incident;
}

inline Alert AlertOf(Incident incident, AlertEvent event, int count = 1) {
  Alert alert;
  alert.id = incident.id + "/" + std::to_string(count);
  alert.event = event;
  alert.dedup_key = "postwatch:" + incident.id;
  alert.decided = incident.updated;
  alert.incident = std::move(incident);
  return alert;
}

inline Delivery DeliveryOf(Alert alert, const std::string& sink) {
  Delivery delivery;
  delivery.id = alert.id + "/" + sink;
  delivery.sink = sink;
  delivery.due = alert.decided;
  delivery.alert = std::move(alert);
  return delivery;
}

}  // namespace postwatch::collector
