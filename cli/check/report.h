// Report: what one-shot checks found, for people and for programs.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "common/model/check_spec.h"
#include "common/model/observation.h"

namespace postwatch::cli {

enum class FindingSeverity { kInfo, kWarning, kCritical };
std::string_view FindingSeverityName(FindingSeverity severity);  // "info", "warning", "critical"

// One line of the report; the fields are those of interfaces.md.
struct Finding {
  std::string check;
  Leg leg = Leg::kControl;
  std::string subject;  // what it is about: the domain, a host, a resolver
  Outcome outcome = Outcome::kPass;
  FailureClass klass = FailureClass::kUnspecified;
  FindingSeverity severity = FindingSeverity::kInfo;
  std::string step;
  std::string detail;
  std::string fix;
  std::vector<Step> steps;
  std::optional<Reply> reply;
};

enum class ReportStatus { kOk, kWarning, kCritical, kUnknown };
std::string_view ReportStatusName(ReportStatus status);  // "ok", "warning", "critical", "unknown"

struct Report {
  std::string domain;
  absl::Time started;
  std::vector<Finding> findings;

  // The worst of the findings; kUnknown when nothing at all could be tested.
  ReportStatus status() const;
};

// The run's own result first, then what it found beside it.
std::vector<Finding> FindingsOf(const CheckSpec& check, const std::string& subject,
                                const Observation& observation);

// Grouped by leg, with what to do about each finding.
std::string TextReport(const Report& report);
// docs/schema/check.schema.json.
std::string JsonReport(const Report& report);

}  // namespace postwatch::cli
