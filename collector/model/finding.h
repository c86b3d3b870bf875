// BoardFinding: a weakness that runs of a check showed, as the whole fleet sees it.
#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/model/check_spec.h"
#include "common/model/failure_class.h"

namespace postwatch::collector {

// What was said of it in the same words, and from where.
struct FindingWords {
  std::string detail;
  std::vector<std::string> regions;  // sorted
  absl::Time last_seen;
};

// One class at one check, however many agents see it.
struct BoardFinding {
  std::string target;
  std::string check_id;
  std::string kind;
  Leg leg = Leg::kControl;
  FailureClass klass = FailureClass::kUnspecified;
  std::vector<FindingWords> words;  // sorted by detail, at least one
};

struct FindingList {
  std::vector<BoardFinding> findings;  // by check, then in order of the classes
  bool complete = true;                // false when there were more than are kept
};

}  // namespace postwatch::collector
