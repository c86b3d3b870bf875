// Store samples: values that tests of a Store put into it, and what they read back at a glance.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "collector/store/store.h"

namespace postwatch::collector {

inline absl::Time ContractTime() { return absl::FromUnixSeconds(1'700'000'000); }

// A sighting of `agent`'s spool "spool-1", received `sequence` seconds after ContractTime.
inline Sighting MakeSighting(const std::string& agent, uint64_t sequence) {
  Sighting s;
  s.observation.id = absl::StrFormat("%032x", sequence);
  s.observation.check_id = "alpha.test/smtp.mx";
  s.observation.kind = "smtp.mx";
  s.observation.target = "alpha.test";
  s.observation.started = ContractTime();
  s.observation.took = absl::Milliseconds(12);
  s.vantage = {agent, "eu-west", "a", "AS64500", "192.0.2.53:53"};
  s.provider = "own";
  s.leg = Leg::kInbound;
  s.spool_id = "spool-1";
  s.sequence = sequence;
  s.received = ContractTime() + absl::Seconds(static_cast<int64_t>(sequence));
  return s;
}

inline Incident MakeIncident(const std::string& id, absl::Duration opened_after) {
  Incident incident;
  incident.id = id;
  incident.opened = ContractTime() + opened_after;
  incident.started = incident.opened - absl::Seconds(30);
  incident.updated = incident.opened;
  incident.verdict.component = {"provider", "own"};
  incident.verdict.klass = FailureClass::kTcpTimeout;
  incident.verdict.explanation = "own does not answer";
  return incident;
}

inline Delivery MakeDelivery(const std::string& alert_id, const std::string& sink,
                             const Incident& incident) {
  Delivery delivery;
  delivery.id = alert_id + "/" + sink;
  delivery.sink = sink;
  delivery.alert.id = alert_id;
  delivery.alert.dedup_key = "postwatch:" + incident.id;
  delivery.alert.incident = incident;
  delivery.alert.decided = incident.updated;
  delivery.due = incident.updated;
  return delivery;
}

inline std::vector<uint64_t> Sequences(const absl::StatusOr<std::vector<Sighting>>& sightings) {
  std::vector<uint64_t> out;
  EXPECT_TRUE(sightings.ok()) << sightings.status();
  if (sightings.ok()) {
    for (const Sighting& s : *sightings) out.push_back(s.sequence);
  }
  return out;
}

inline std::vector<std::string> Ids(const absl::StatusOr<std::vector<Incident>>& incidents) {
  std::vector<std::string> out;
  EXPECT_TRUE(incidents.ok()) << incidents.status();
  if (incidents.ok()) {
    for (const Incident& i : *incidents) out.push_back(i.id);
  }
  return out;
}

inline std::vector<std::string> Ids(const absl::StatusOr<std::vector<Delivery>>& deliveries) {
  std::vector<std::string> out;
  EXPECT_TRUE(deliveries.ok()) << deliveries.status();
  if (deliveries.ok()) {
    for (const Delivery& d : *deliveries) out.push_back(d.id);
  }
  return out;
}

}  // namespace postwatch::collector
