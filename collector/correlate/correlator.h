// Correlator: from what many agents saw to whose fault it is. Pure: observations and time in,
// changes out.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "collector/model/fleet.h"
#include "collector/model/incident.h"
#include "collector/model/sighting.h"

namespace postwatch::collector {

// "These agents, run these checks now": the observations that would decide a suspicion.
struct Confirmation {
  std::vector<std::string> agents;
  std::vector<std::string> check_ids;
  std::string reason;

  bool operator==(const Confirmation&) const = default;
};

struct Findings {
  std::vector<IncidentChange> changes;
  std::vector<Confirmation> confirmations;
};

// No I/O, no clock, no randomness: the same calls give the same answers, live and in replay.
// A `now` before the latest one counts as the latest. One thread calls.
//
// The stages, a file each: evidence (readings out of sightings: route by crossing, time by
// agent_clock), suspicion (which components have begun to fail, kept up with every reading),
// attribution over fit and signature (which of them explain it), decision (firm enough?), assess
// and explain (what it means), incident_book (identity), recovery (is it over?), confirmation (what
// to ask next); beside them witness (which agents can be believed) and noise (what fails anyway).
class Correlator {
 public:
  virtual ~Correlator() = default;

  // What is configured. May be called again after a reload; evidence about checks that are gone is
  // dropped.
  virtual void SetPlan(const FleetPlan& plan) = 0;

  // Incidents that were open when the process ended, and those resolved not long before: they keep
  // their identity. Before anything was seen.
  virtual void Restore(std::vector<Incident> open, std::vector<Incident> resolved) = 0;

  // What was seen before the process ended, as it came in. It counts as evidence; what is to be
  // said of it is said later, at the next call that returns findings.
  virtual void Recall(const Sighting& sighting) = 0;

  // An agent made itself known, moved, or gave a sign of life: call at each heartbeat.
  virtual void AgentHeard(const Vantage& vantage, absl::Time now) = 0;

  // It is not of the fleet any more: neither its silence nor what it saw counts.
  virtual void ForgetAgent(const std::string& agent) = 0;

  // A change of kind kOpened may carry the id of an incident resolved less than 10 minutes ago: it
  // is the same fault, back again.
  virtual Findings Observe(const Sighting& sighting, absl::Time now) = 0;

  // Time passed: silence, recovery, hold-downs. At least every second.
  virtual Findings Tick(absl::Time now) = 0;

  // Why an agent's failures do not count now ("witness failing: agent_no_network", "silent"), "" if
  // they do.
  virtual std::string MaskReason(const std::string& agent) const = 0;
};

struct CorrelatorOptions {
  absl::Duration agent_silent_after = absl::Seconds(30);  // no heartbeat and no observation
  absl::Duration evidence_window = absl::Minutes(30);     // older observations are forgotten
  // Trouble that is over sooner pages nobody, unless its failures name their cause.
  absl::Duration blip = absl::Seconds(25);
};

std::unique_ptr<Correlator> MakeCorrelator(CorrelatorOptions options);

}  // namespace postwatch::collector
