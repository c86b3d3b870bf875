// AlertPipeline: decides what people are told. Pure: changes and time in, deliveries out.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "collector/model/alert.h"

namespace postwatch::collector {

struct AlertPipelineOptions {
  absl::Duration reminder_every = absl::Minutes(30);
  std::vector<std::string> sinks;  // every alert goes to each of them
};

// The stages, in order: level (only what should wake somebody) -> dedup (say a thing once) -> event
// (opened, changed, resolved) -> fan-out to the sinks. Reminders come from Tick.
class AlertPipeline {
 public:
  explicit AlertPipeline(AlertPipelineOptions options) : options_(std::move(options)) {}

  // The last alert decided for each incident that is still open, after a restart.
  void Restore(const std::vector<Alert>& last_alerts);

  // What this change means for people; often nothing.
  std::vector<Delivery> Decide(const IncidentChange& change, absl::Time now);

  // Reminders that are due. Also forgets incidents that have been over for an hour: longer than the
  // correlator may take one up again under its old id.
  std::vector<Delivery> Tick(absl::Time now);

 private:
  struct Told {
    Alert last;
    int count = 0;  // alerts so far, part of the next one's id
  };

  std::vector<Delivery> Tell(AlertEvent event, const Incident& incident, absl::Time now);

  AlertPipelineOptions options_;
  std::map<std::string, Told> told_;  // by incident id
};

}  // namespace postwatch::collector
