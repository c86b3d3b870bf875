#include "cli/formats/json_format.h"

#include "common/base/text.h"
#include "common/model/observation_json.h"

namespace postwatch::cli {
namespace {

void WriteFindings(JsonWriter& out, std::string_view key, const std::vector<Finding>& findings) {
  out.Key(key);
  out.BeginArray();
  for (const Finding& finding : findings) WriteFinding(out, finding);
  out.EndArray();
}

}  // namespace

void WriteFinding(JsonWriter& out, const Finding& finding) {
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
  if (!finding.facts.empty()) {
    out.Key("facts");
    out.BeginObject();
    for (const auto& [key, value] : finding.facts) out.Field(key, value);
    out.EndObject();
  }
  if (!finding.resolvers.empty()) {
    out.Key("resolvers");
    out.BeginArray();
    for (const std::string& resolver : finding.resolvers) out.String(resolver);
    out.EndArray();
  }
  if (finding.known) out.Field("known", true);
  out.EndObject();
}

std::string JsonReport(const Report& report, const FormatOptions&) {
  JsonWriter out;
  out.BeginObject();
  out.Field("version", 1);
  out.Field("domain", report.domain);
  out.Field("status", ReportStatusName(report.status()));
  out.Field("started",
            absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", report.started, absl::UTCTimeZone()));
  out.Field("seconds",
            absl::ToDoubleMilliseconds(absl::Trunc(report.took, absl::Milliseconds(1))) / 1000);
  if (report.interrupted) out.Field("interrupted", true);
  WriteFindings(out, "findings", report.findings);
  if (report.has_baseline) WriteFindings(out, "fixed", report.fixed);
  out.EndObject();
  return out.Take() + "\n";
}

}  // namespace postwatch::cli
