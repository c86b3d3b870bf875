// Incident as JSON: the one shape in which the API, webhooks and files show it (docs/api.md).
#pragma once

#include <string>

#include "absl/time/time.h"
#include "collector/model/incident.h"
#include "common/base/json.h"

namespace postwatch::collector {

// RFC 3339 in UTC with milliseconds.
std::string JsonTime(absl::Time time);

// Writes one object.
void WriteIncident(JsonWriter& out, const Incident& incident);

}  // namespace postwatch::collector
