// History as JSON (docs/api.md).
#pragma once

#include <string>

#include "collector/model/hour_summary.h"

namespace postwatch::collector {

// {"hours":[...],"next":seconds or null,"complete":bool}
std::string HistoryJson(const History& history);

}  // namespace postwatch::collector
