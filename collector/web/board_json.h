// Board and lists as JSON (docs/api.md).
#pragma once

#include <string>
#include <vector>

#include "collector/model/board.h"
#include "collector/model/sighting.h"

namespace postwatch::collector {

// {"at","regions","kinds","targets","agents","incidents"}
std::string BoardJson(const Board& board);
// {"targets":[...]}
std::string TargetsJson(const Board& board);
// {"agents":[...]}
std::string AgentsJson(const Board& board);
// {"incidents":[...]}
std::string IncidentsJson(const std::vector<Incident>& incidents);
// {"observations":[...]}
std::string ObservationsJson(const std::vector<Sighting>& sightings);

}  // namespace postwatch::collector
