// Observation: the immutable result of one run of one check by one agent.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "common/model/component.h"
#include "common/model/failure_class.h"

namespace postwatch {

// Bounds of everything that ends up in an observation, since servers supply much of it.
inline constexpr size_t kMaxSteps = 64;
inline constexpr size_t kMaxTouched = 32;
inline constexpr size_t kMaxFindings = 16;
inline constexpr size_t kMaxTranscriptLines = 64;
inline constexpr size_t kMaxTranscriptLineBytes = 256;
inline constexpr size_t kMaxFacts = 48;
inline constexpr size_t kMaxFactBytes = 512;
inline constexpr size_t kMaxDetailBytes = 1024;
inline constexpr size_t kMaxReplyBytes = 2048;
inline constexpr size_t kMaxStepNameBytes = 32;
inline constexpr size_t kMaxFactKeyBytes = 64;
inline constexpr size_t kMaxEnhancedBytes = 16;

enum class Outcome { kPass, kFail, kNotTested };

// "pass", "fail", "not_tested".
std::string_view OutcomeName(Outcome outcome);

struct Step {
  std::string name;
  absl::Duration took;

  bool operator==(const Step&) const = default;
};

// The server's own words and the rule that read them.
struct Reply {
  int code = 0;          // 0 where the protocol has none
  std::string enhanced;  // RFC 3463, or empty
  std::string text;
  std::string rule;  // classifier rule id

  bool operator==(const Reply&) const = default;
};

struct Failure {
  FailureClass klass = FailureClass::kUnspecified;
  std::string step;
  std::string detail;  // redacted
  std::optional<Reply> reply;

  bool operator==(const Failure&) const = default;
};

struct Evidence {
  std::vector<std::string> transcript;
  std::map<std::string, std::string> facts;

  bool operator==(const Evidence&) const = default;
};

struct Observation {
  std::string id;  // RandomId
  std::string check_id;
  std::string kind;
  std::string target;
  absl::Time started;  // the agent's wall clock
  absl::Duration took;
  Outcome outcome = Outcome::kPass;
  std::vector<Step> steps;
  std::optional<Failure> failure;  // exactly when kFail
  std::string not_tested_reason;   // exactly when kNotTested
  std::vector<ComponentRef> touched;
  Evidence evidence;
  std::string amends;       // id of the observation this one corrects, or empty
  std::string run_request;  // id of the run-now request, or empty
  std::vector<Failure> findings;

  bool operator==(const Observation&) const = default;
};

}  // namespace postwatch
