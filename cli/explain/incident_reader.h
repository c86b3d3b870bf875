// Incident reader: incidents out of what a collector's API answers.
#pragma once

#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "collector/model/incident.h"

namespace postwatch::cli {

// Texts come out as a terminal may be given them. What is missing, or a word that only a newer
// collector knows, reads as the field's default. InvalidArgument when it is no incident at all.
absl::StatusOr<collector::Incident> ReadIncident(std::string_view answer);

// {"incidents": [...]}, in the order of the answer.
absl::StatusOr<std::vector<collector::Incident>> ReadIncidents(std::string_view answer);

}  // namespace postwatch::cli
