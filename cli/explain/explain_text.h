// Explain text: one incident for a person on call: whose fault, what was seen, how sure, what else
// it could be, what happens to mail, what to do, and every change of mind.
#pragma once

#include <string>

#include "absl/time/time.h"
#include "collector/model/incident.h"

namespace postwatch::cli {

// Plain text of kPageWidth columns that ends with a line break. `now`: how long an open one lasts.
std::string ExplainIncident(const collector::Incident& incident, absl::Time now);

}  // namespace postwatch::cli
