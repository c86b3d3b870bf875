#include "cli/check/report.h"

#include "common/advice/advice.h"
#include "common/base/text.h"

namespace postwatch::cli {
namespace {

Finding FromFailure(const CheckSpec& check, const std::string& subject, const Failure& failure,
                    FindingSeverity severity) {
  return {.check = check.kind,
          .leg = check.leg,
          .subject = subject,
          .outcome = Outcome::kFail,
          .klass = failure.klass,
          .severity = severity,
          .step = failure.step,
          .detail = failure.detail,
          .fix = std::string(FixFor(failure.klass)),
          .reply = failure.reply};
}

void Say(std::vector<std::string>& parts, size_t count, std::string_view one,
         std::string_view many) {
  if (count > 0) parts.push_back(Concat(count, " ", count == 1 ? one : many));
}

}  // namespace

std::string_view ReportStatusName(ReportStatus status) {
  switch (status) {
    case ReportStatus::kOk:
      return "ok";
    case ReportStatus::kWarning:
      return "warning";
    case ReportStatus::kCritical:
      return "critical";
    case ReportStatus::kUnknown:
      return "unknown";
  }
  return "unknown";
}

ReportStatus Report::status() const {
  bool tested = false, warning = false, critical = false;
  for (const Finding& finding : findings) {
    // A note beside a check that was not tested is no result.
    const bool note =
        finding.outcome == Outcome::kFail && finding.severity == FindingSeverity::kInfo;
    tested |= finding.outcome != Outcome::kNotTested && !note;
    warning |= Counts(finding, FindingSeverity::kWarning);
    critical |= Counts(finding, FindingSeverity::kCritical);
  }
  if (!tested || interrupted) return ReportStatus::kUnknown;
  return critical ? ReportStatus::kCritical : warning ? ReportStatus::kWarning : ReportStatus::kOk;
}

std::vector<Finding> FindingsOf(const CheckSpec& check, const std::string& subject,
                                const Observation& observation) {
  std::vector<Finding> findings;
  if (observation.failure) {
    findings.push_back(
        FromFailure(check, subject, *observation.failure, FindingSeverity::kCritical));
  } else {
    findings.push_back({.check = check.kind,
                        .leg = check.leg,
                        .subject = subject,
                        .outcome = observation.outcome,
                        .detail = observation.not_tested_reason});
  }
  findings.front().steps = observation.steps;
  findings.front().facts = observation.evidence.facts;
  for (const Failure& finding : observation.findings) {
    findings.push_back(FromFailure(check, subject, finding, SeverityOf(finding.klass)));
  }
  return findings;
}

bool Counts(const Finding& finding, FindingSeverity fail_on) {
  return finding.outcome == Outcome::kFail && finding.severity >= fail_on && !finding.known;
}

absl::Duration TimeOf(const Finding& finding) {
  absl::Duration total;
  for (const Step& step : finding.steps) total += step.took;
  return total;
}

std::string_view LegTitle(Leg leg) {
  switch (leg) {
    case Leg::kControl:
      return "This machine";
    case Leg::kDns:
      return "DNS";
    case Leg::kInbound:
      return "Receiving mail (MX)";
    case Leg::kSubmission:
      return "Sending mail (submission)";
    case Leg::kAccess:
      return "Reading mail (access)";
    case Leg::kDelivery:
      return "Delivery (round trip)";
    case Leg::kRegistration:
      return "Registration";
  }
  return "";
}

Tally Count(const Report& report) {
  Tally tally{.fixed = report.fixed.size()};
  for (const Finding& finding : report.findings) {
    if (finding.outcome == Outcome::kPass) {
      ++tally.passed;
    } else if (finding.outcome == Outcome::kNotTested) {
      ++tally.not_tested;
    } else if (finding.known) {
      ++tally.known;
    } else if (finding.severity == FindingSeverity::kInfo) {
      ++tally.notes;
    } else if (finding.severity == FindingSeverity::kWarning) {
      ++tally.warnings;
    } else {
      ++tally.critical;
    }
  }
  return tally;
}

std::string TallyText(const Tally& tally) {
  std::vector<std::string> parts;
  Say(parts, tally.passed, "passed", "passed");
  Say(parts, tally.critical, "critical", "critical");
  Say(parts, tally.warnings, "warning", "warnings");
  Say(parts, tally.notes, "note", "notes");
  Say(parts, tally.known, "known", "known");
  Say(parts, tally.fixed, "fixed", "fixed");
  Say(parts, tally.not_tested, "not tested", "not tested");
  return parts.empty() ? "nothing was checked" : Join(parts, ", ");
}

}  // namespace postwatch::cli
