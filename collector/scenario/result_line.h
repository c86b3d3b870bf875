// Result line: one result in the replay format, as written.
#pragma once

#include <simdjson.h>

#include <optional>
#include <string_view>

#include "absl/status/status.h"
#include "common/model/check_spec.h"
#include "common/model/failure_class.h"

namespace postwatch::collector {

// All texts are views into the parsed document.
struct ResultLine {
  double received = 0, ended = 0;  // seconds; `ended` by the agent's clock
  double took = 0;                 // seconds; a usual value where the line does not tell
  std::string_view agent, check, target, endpoint;
  int64_t sequence = 0, account = -1;
  bool failed = false, confirmation = false;
  FailureClass klass = FailureClass::kUnspecified;  // of a failure
  Leg leg = Leg::kControl;

  // What only lines recorded in production have.
  std::string_view id, check_id, kind, provider, spool, amends;
  std::optional<simdjson::dom::array> crossed;
};

// InvalidArgument says what is wrong with it. Knows no topology: agent and target may be anything.
absl::Status ParseResultLine(const simdjson::dom::object& line, ResultLine& result);

}  // namespace postwatch::collector
