#include "cli/formats/nagios_format.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "cli/printable.h"
#include "common/base/text.h"

namespace postwatch::cli {
namespace {

// The first line is shown in tables, and by old programs cut at 1 KiB.
constexpr size_t kMaxHeadline = 300;

// A vertical bar would start the performance data.
std::string Plain(std::string_view text) {
  std::string out = Printable(text);
  std::ranges::replace(out, '|', '/');
  return out;
}

ReportStatus StatusOf(const Report& report, const FormatOptions& options) {
  const ReportStatus status = report.status();
  const bool mild =
      status == ReportStatus::kWarning && options.fail_on == FindingSeverity::kCritical;
  return mild ? ReportStatus::kOk : status;
}

std::string What(const Finding& finding) {
  return Concat(finding.check, " ", FailureClassName(finding.klass), ": ", Plain(finding.detail));
}

// The worst finding and how many more there are, or what the checks add up to.
std::string Headline(const Report& report, const FormatOptions& options) {
  const Finding* worst = nullptr;
  size_t counted = 0;
  for (const Finding& finding : report.findings) {
    if (!Counts(finding, options.fail_on)) continue;
    ++counted;
    if (worst == nullptr || finding.severity > worst->severity) worst = &finding;
  }
  std::string line = Concat(report.domain, ": ");
  if (worst == nullptr) return line + TallyText(Count(report));
  line += Truncate(What(*worst), kMaxHeadline);
  if (counted > 1) Append(line, " (and ", counted - 1, " more)");
  return line;
}

// 'label'=seconds of every check that ran; a label twice is a check by another resolver.
std::string PerformanceData(const Report& report) {
  std::vector<std::string> parts;
  for (const Finding& finding : report.findings) {
    if (finding.steps.empty()) continue;
    const std::string by =
        finding.resolvers.empty() ? "" : Concat("@", Join(finding.resolvers, "+"));
    parts.push_back(absl::StrFormat("'%s%s'=%.3fs;;;0", finding.check, by,
                                    absl::ToDoubleSeconds(TimeOf(finding))));
  }
  return Join(parts, " ");
}

std::string_view Word(const Finding& finding) {
  if (finding.outcome == Outcome::kNotTested) return "NOT TESTED";
  if (finding.known) return "KNOWN";
  switch (finding.severity) {
    case FindingSeverity::kInfo:
      return "NOTE";
    case FindingSeverity::kWarning:
      return "WARNING";
    case FindingSeverity::kCritical:
      return "CRITICAL";
  }
  return "CRITICAL";
}

}  // namespace

std::string NagiosReport(const Report& report, const FormatOptions& options) {
  std::string out = Concat("MAIL ", AsciiUpper(ReportStatusName(StatusOf(report, options))), " - ",
                           Headline(report, options));
  if (const std::string data = PerformanceData(report); !data.empty()) Append(out, " | ", data);
  out += '\n';
  for (const Finding& finding : report.findings) {
    if (finding.outcome == Outcome::kPass) continue;
    const bool untested = finding.outcome == Outcome::kNotTested;
    Append(out, "[", Word(finding), "] ",
           untested ? Concat(finding.check, ": ", Plain(finding.detail)) : What(finding));
    if (finding.reply && !finding.reply->text.empty()) {
      Append(out, " - server said: ", Plain(finding.reply->text));
    }
    if (!finding.fix.empty()) Append(out, " - what to do: ", Plain(finding.fix));
    out += '\n';
  }
  for (const Finding& finding : report.fixed) Append(out, "[FIXED] ", What(finding), "\n");
  return out;
}

}  // namespace postwatch::cli
