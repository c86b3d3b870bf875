// Orphaned: whether anything is left in the fleet that could tell that an incident is over.
#pragma once

#include <string>

#include "collector/correlate/incident_book.h"
#include "collector/correlate/view.h"

namespace postwatch::collector {

// Why no run can end it any more: all agents that saw it have left the fleet, or no check that it
// was about is planned. "" when one can.
std::string WhyOrphaned(const OpenIncident& open, const View& view);

}  // namespace postwatch::collector
