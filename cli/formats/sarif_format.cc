#include "cli/formats/sarif_format.h"

#include <algorithm>
#include <vector>

#include "cli/printable.h"
#include "common/advice/advice.h"
#include "common/base/json.h"
#include "common/base/text.h"

namespace postwatch::cli {
namespace {

constexpr std::string_view kSchema =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

std::string_view Level(FindingSeverity severity) {
  switch (severity) {
    case FindingSeverity::kInfo:
      return "note";
    case FindingSeverity::kWarning:
      return "warning";
    case FindingSeverity::kCritical:
      return "error";
  }
  return "error";
}

std::string Time(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", time, absl::UTCTimeZone());
}

// Key and {"text": ...}.
void WriteText(JsonWriter& out, std::string_view key, std::string_view text) {
  out.Key(key);
  out.BeginObject();
  out.Field("text", text);
  out.EndObject();
}

// The classes found, in the order in which they come.
std::vector<FailureClass> Rules(const Report& report) {
  std::vector<FailureClass> rules;
  const auto add = [&rules](const std::vector<Finding>& findings) {
    for (const Finding& finding : findings) {
      if (finding.outcome != Outcome::kFail) continue;
      if (std::ranges::find(rules, finding.klass) == rules.end()) rules.push_back(finding.klass);
    }
  };
  add(report.findings);
  add(report.fixed);
  return rules;
}

void WriteRule(JsonWriter& out, FailureClass klass) {
  out.BeginObject();
  out.Field("id", FailureClassName(klass));
  WriteText(out, "shortDescription", FailureClassMeaning(klass));
  WriteText(out, "help", FixFor(klass));
  out.Key("defaultConfiguration");
  out.BeginObject();
  out.Field("level", Level(SeverityOf(klass)));
  out.EndObject();
  out.EndObject();
}

void WriteTool(JsonWriter& out, const std::vector<FailureClass>& rules) {
  out.Key("tool");
  out.BeginObject();
  out.Key("driver");
  out.BeginObject();
  out.Field("name", "postwatch");
  out.Key("rules");
  out.BeginArray();
  for (const FailureClass klass : rules) WriteRule(out, klass);
  out.EndArray();
  out.EndObject();
  out.EndObject();
}

// Some readers take no result without a physical location: the domain stands for the file.
void WriteLocations(JsonWriter& out, const Finding& finding, const std::string& domain) {
  out.Key("locations");
  out.BeginArray();
  out.BeginObject();
  out.Key("physicalLocation");
  out.BeginObject();
  out.Key("artifactLocation");
  out.BeginObject();
  out.Field("uri", domain);
  out.EndObject();
  out.EndObject();
  out.Key("logicalLocations");
  out.BeginArray();
  out.BeginObject();
  out.Field("name", finding.check);
  out.Field("fullyQualifiedName", Concat(domain, "/", finding.check));
  out.Field("kind", "resource");
  out.EndObject();
  out.EndArray();
  out.EndObject();
  out.EndArray();
}

std::string Message(const Finding& finding) {
  std::string text = Concat(finding.check, ": ", Printable(finding.detail));
  if (finding.reply && !finding.reply->text.empty()) {
    Append(text, "\nserver said: ", Printable(finding.reply->text));
  }
  if (!finding.resolvers.empty()) Append(text, "\nby ", Join(finding.resolvers, ", "));
  return text;
}

// `state` is a baselineState of SARIF, or "".
void WriteResult(JsonWriter& out, const Finding& finding, const Report& report, size_t rule,
                 std::string_view state) {
  out.BeginObject();
  out.Field("ruleId", FailureClassName(finding.klass));
  out.Field("ruleIndex", static_cast<int64_t>(rule));
  out.Field("level", Level(finding.severity));
  WriteText(out, "message", Message(finding));
  WriteLocations(out, finding, report.domain);
  out.Key("partialFingerprints");
  out.BeginObject();
  out.Field("checkSubjectClass/v1",
            Concat(finding.check, "/", finding.subject, "/", FailureClassName(finding.klass)));
  out.EndObject();
  if (!state.empty()) out.Field("baselineState", state);
  out.EndObject();
}

void WriteResults(JsonWriter& out, const Report& report, const std::vector<FailureClass>& rules) {
  const auto write = [&](const Finding& finding, std::string_view state) {
    if (finding.outcome != Outcome::kFail) return;
    const auto rule = std::ranges::find(rules, finding.klass) - rules.begin();
    WriteResult(out, finding, report, static_cast<size_t>(rule), state);
  };
  out.Key("results");
  out.BeginArray();
  for (const Finding& finding : report.findings) {
    write(finding, !report.has_baseline ? "" : finding.known ? "unchanged" : "new");
  }
  for (const Finding& finding : report.fixed) write(finding, "absent");
  out.EndArray();
}

void WriteInvocation(JsonWriter& out, const Report& report) {
  out.Key("invocations");
  out.BeginArray();
  out.BeginObject();
  out.Field("executionSuccessful", report.status() != ReportStatus::kUnknown);
  out.Field("startTimeUtc", Time(report.started));
  out.Field("endTimeUtc", Time(report.started + report.took));
  out.Key("toolExecutionNotifications");
  out.BeginArray();
  for (const Finding& finding : report.findings) {
    if (finding.outcome != Outcome::kNotTested) continue;
    out.BeginObject();
    out.Field("level", "note");
    WriteText(out, "message",
              Concat(finding.check, " was not tested: ", Printable(finding.detail)));
    out.EndObject();
  }
  out.EndArray();
  out.EndObject();
  out.EndArray();
}

}  // namespace

std::string SarifReport(const Report& report, const FormatOptions&) {
  const std::vector<FailureClass> rules = Rules(report);
  JsonWriter out;
  out.BeginObject();
  out.Field("$schema", kSchema);
  out.Field("version", "2.1.0");
  out.Key("runs");
  out.BeginArray();
  out.BeginObject();
  WriteTool(out, rules);
  WriteInvocation(out, report);
  WriteResults(out, report, rules);
  out.EndObject();
  out.EndArray();
  out.EndObject();
  return out.Take() + "\n";
}

}  // namespace postwatch::cli
