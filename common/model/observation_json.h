// ObservationJson: the parts of an observation that every JSON of ours writes alike.
#pragma once

#include <optional>
#include <vector>

#include "common/base/json.h"
#include "common/model/observation.h"

namespace postwatch {

// Each writes key and value into the object that is open: `steps` (docs/api.md, Observation), and
// `reply` where the server spoke.
void WriteSteps(JsonWriter& out, const std::vector<Step>& steps);
void WriteReply(JsonWriter& out, const std::optional<Reply>& reply);

}  // namespace postwatch
