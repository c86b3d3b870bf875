// Incident wire: the collector's own values as bytes, the way the store keeps them
// (proto/postwatch/v1/incident.proto).
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "collector/model/alert.h"
#include "collector/model/fleet.h"
#include "collector/model/incident.h"
#include "collector/model/sighting.h"

namespace postwatch::collector {

// Serializing keeps times and durations to the nanosecond; InfinitePast survives, InfiniteFuture
// becomes the year 9999. Parsing answers DataLoss when the bytes are not what they should be.

std::string SerializeSighting(const Sighting& sighting);
absl::StatusOr<Sighting> ParseSighting(std::string_view bytes);

std::string SerializeIncident(const Incident& incident);
absl::StatusOr<Incident> ParseIncident(std::string_view bytes);

std::string SerializeAlert(const Alert& alert);
absl::StatusOr<Alert> ParseAlert(std::string_view bytes);

std::string SerializeAgent(const AgentRecord& agent);
absl::StatusOr<AgentRecord> ParseAgent(std::string_view bytes);

}  // namespace postwatch::collector
