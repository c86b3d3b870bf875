// Report: what one-shot checks found. How it is written is in cli/formats.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "common/advice/severity.h"
#include "common/model/check_spec.h"
#include "common/model/observation.h"

namespace postwatch::cli {

// One line of the report: the result of a check, or what it found besides.
struct Finding {
  std::string check;
  Leg leg = Leg::kControl;
  std::string subject;  // what it is about: the domain
  Outcome outcome = Outcome::kPass;
  FailureClass klass = FailureClass::kUnspecified;
  FindingSeverity severity = FindingSeverity::kInfo;
  std::string step;
  std::string detail;
  std::string fix;
  std::vector<Step> steps;  // of a check's own result
  std::optional<Reply> reply;
  std::map<std::string, std::string> facts;  // of a check's own result
  std::vector<std::string> resolvers;        // who say so, where several were asked
  bool known = false;                        // stands in the baseline, and was no better then
};

enum class ReportStatus { kOk, kWarning, kCritical, kUnknown };
std::string_view ReportStatusName(ReportStatus status);  // "ok", "warning", "critical", "unknown"

struct Report {
  std::string domain;
  absl::Time started;
  absl::Duration took;
  std::vector<Finding> findings;
  bool interrupted = false;  // by the person who started it: what is missing was not tested
  // With a baseline: what stands in it and is no more.
  bool has_baseline = false;
  std::vector<Finding> fixed;

  // The worst of the findings that are not known; kUnknown when nothing at all could be tested, or
  // the run was interrupted.
  ReportStatus status() const;
};

// The run's own result first, then what it found beside it.
std::vector<Finding> FindingsOf(const CheckSpec& check, const std::string& subject,
                                const Observation& observation);

// Whether the finding is a reason not to exit with 0.
bool Counts(const Finding& finding, FindingSeverity fail_on);

// Of the steps together.
absl::Duration TimeOf(const Finding& finding);

// "Receiving mail (MX)".
std::string_view LegTitle(Leg leg);

// How many findings of each sort a report has.
struct Tally {
  size_t passed = 0;  // checks
  size_t warnings = 0, critical = 0, notes = 0, known = 0, not_tested = 0, fixed = 0;
};
Tally Count(const Report& report);
// "18 passed, 2 warnings, 1 not tested"; what there is none of is left out.
std::string TallyText(const Tally& tally);

}  // namespace postwatch::cli
