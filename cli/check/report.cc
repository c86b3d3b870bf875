#include "cli/check/report.h"

#include "absl/strings/str_format.h"
#include "cli/advice.h"
#include "cli/printable.h"
#include "common/base/json.h"
#include "common/base/text.h"
#include "common/model/observation_json.h"

namespace postwatch::cli {
namespace {

std::string Milliseconds(absl::Duration took) {
  return absl::StrFormat("%.0f ms", absl::ToDoubleMilliseconds(took));
}

absl::Duration Total(const std::vector<Step>& steps) {
  absl::Duration total;
  for (const Step& step : steps) total += step.took;
  return total;
}

std::string_view Mark(const Finding& finding) {
  if (finding.outcome == Outcome::kNotTested) return "  ?   ";
  switch (finding.severity) {
    case FindingSeverity::kInfo:
      return "  ok  ";
    case FindingSeverity::kWarning:
      return " WARN ";
    case FindingSeverity::kCritical:
      return " FAIL ";
  }
  return "  ?   ";
}

void WriteTextFinding(std::string& out, const Finding& finding) {
  Append(out, "[", Mark(finding), "] ", finding.check, " ", Printable(finding.subject));
  if (finding.outcome == Outcome::kPass) {
    Append(out, "  (", Milliseconds(Total(finding.steps)), ")");
  }
  if (finding.klass != FailureClass::kUnspecified) {
    Append(out, ": ", FailureClassName(finding.klass));
    if (!finding.step.empty()) Append(out, " at ", finding.step);
  }
  out += '\n';
  if (!finding.detail.empty()) Append(out, "         ", Printable(finding.detail), "\n");
  if (finding.reply && !finding.reply->text.empty()) {
    Append(out, "         server said: ", Printable(finding.reply->text), "\n");
  }
  if (!finding.fix.empty()) Append(out, "         what to do: ", finding.fix, "\n");
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

void WriteJsonFinding(JsonWriter& out, const Finding& finding) {
  out.BeginObject();
  out.Field("check", finding.check);
  out.Field("leg", LegName(finding.leg));
  out.Field("subject", finding.subject);
  out.Field("outcome", OutcomeName(finding.outcome));
  out.Field("class", finding.klass == FailureClass::kUnspecified ? std::string_view()
                                                                 : FailureClassName(finding.klass));
  out.Field("severity", FindingSeverityName(finding.severity));
  out.Field("step", finding.step);
  out.Field("detail", finding.detail);
  out.Field("fix", finding.fix);
  WriteSteps(out, finding.steps);
  WriteReply(out, finding.reply);
  out.EndObject();
}

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

}  // namespace

std::string_view FindingSeverityName(FindingSeverity severity) {
  switch (severity) {
    case FindingSeverity::kInfo:
      return "info";
    case FindingSeverity::kWarning:
      return "warning";
    case FindingSeverity::kCritical:
      return "critical";
  }
  return "critical";
}

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
    tested |= finding.outcome != Outcome::kNotTested;
    warning |= finding.severity == FindingSeverity::kWarning;
    critical |= finding.severity == FindingSeverity::kCritical;
  }
  if (!tested) return ReportStatus::kUnknown;
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
  for (const Failure& finding : observation.findings) {
    findings.push_back(FromFailure(check, subject, finding, FindingSeverity::kWarning));
  }
  return findings;
}

std::string TextReport(const Report& report) {
  std::string out;
  std::optional<Leg> leg;
  for (const Finding& finding : report.findings) {
    if (leg != finding.leg) {
      Append(out, leg ? "\n" : "", LegTitle(finding.leg), "\n");
      leg = finding.leg;
    }
    WriteTextFinding(out, finding);
  }
  Append(out, "\n", report.domain, ": ", AsciiUpper(ReportStatusName(report.status())), "\n");
  return out;
}

std::string JsonReport(const Report& report) {
  JsonWriter out;
  out.BeginObject();
  out.Field("version", 1);
  out.Field("domain", report.domain);
  out.Field("status", ReportStatusName(report.status()));
  out.Field("started",
            absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", report.started, absl::UTCTimeZone()));
  out.Key("findings");
  out.BeginArray();
  for (const Finding& finding : report.findings) WriteJsonFinding(out, finding);
  out.EndArray();
  out.EndObject();
  return out.Take() + "\n";
}

}  // namespace postwatch::cli
