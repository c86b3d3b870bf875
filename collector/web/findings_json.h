// Findings as JSON: the weaknesses the fleet sees now, counted by class (docs/api.md).
#pragma once

#include <optional>
#include <string>

#include "collector/model/finding.h"

namespace postwatch::collector {

struct FindingQuery {
  std::string target;                 // all when empty
  std::optional<FailureClass> klass;  // all when there is none
  int limit = 0;                      // of the findings that are listed; all are counted
};

// {"total","complete","classes":[...],"findings":[...]}: the worst first, then what most targets
// have.
std::string FindingsJson(const FindingList& list, const FindingQuery& query);

}  // namespace postwatch::collector
