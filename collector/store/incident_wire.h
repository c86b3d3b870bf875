// Incident wire: the collector's own values as bytes, the way the store keeps them
// (proto/postwatch/v1/incident.proto).
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "collector/model/alert.h"
#include "collector/model/fleet.h"
#include "collector/model/incident.h"
#include "collector/model/sighting.h"

namespace postwatch::v1 {
class Sighting;
}

namespace postwatch::collector {

// Serializing keeps times and durations to the nanosecond; InfinitePast survives, InfiniteFuture
// becomes the year 9999. Parsing answers DataLoss when the bytes are not what they should be.

// What becomes of a sighting in the store; keeps its memory from one to the next. The observation
// is its `wire` where there is one, else it is serialized.
class SightingSerializer {
 public:
  SightingSerializer();
  ~SightingSerializer();
  SightingSerializer(SightingSerializer&&) noexcept;

  // Valid until the next call.
  std::string_view Serialize(const Sighting& sighting);

 private:
  std::unique_ptr<v1::Sighting> message_;
  std::string bytes_;
};
absl::StatusOr<Sighting> ParseSighting(std::string_view bytes);

std::string SerializeIncident(const Incident& incident);
absl::StatusOr<Incident> ParseIncident(std::string_view bytes);

std::string SerializeAlert(const Alert& alert);
absl::StatusOr<Alert> ParseAlert(std::string_view bytes);

std::string SerializeAgent(const AgentRecord& agent);
absl::StatusOr<AgentRecord> ParseAgent(std::string_view bytes);

}  // namespace postwatch::collector
