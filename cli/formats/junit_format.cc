#include "cli/formats/junit_format.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_format.h"
#include "cli/formats/xml_text.h"
#include "common/base/text.h"

namespace postwatch::cli {
namespace {

// What one check found: its own result and what it found besides, by the same resolvers.
struct Case {
  const Finding* own = nullptr;
  std::vector<const Finding*> counted;  // make it fail
  std::vector<const Finding*> others;   // known ones, notes, what --fail-on lets pass
};

struct Suite {
  Leg leg;
  std::vector<Case> cases;
};

std::string Seconds(absl::Duration took) {
  return absl::StrFormat("%.3f", absl::ToDoubleSeconds(took));
}

// Findings in their order, into the suites of their legs and the cases of their checks.
std::vector<Suite> Suites(const Report& report, const FormatOptions& options) {
  std::vector<Suite> suites;
  for (const Finding& finding : report.findings) {
    auto suite = std::ranges::find(suites, finding.leg, &Suite::leg);
    if (suite == suites.end()) suite = suites.insert(suites.end(), Suite{finding.leg, {}});
    const auto same = [&finding](const Case& one) {
      return one.own->check == finding.check && one.own->subject == finding.subject &&
             one.own->resolvers == finding.resolvers;
    };
    auto at = std::ranges::find_if(suite->cases, same);
    if (at == suite->cases.end()) {
      at = suite->cases.insert(suite->cases.end(), Case{.own = &finding});
    }
    if (Counts(finding, options.fail_on)) {
      at->counted.push_back(&finding);
    } else if (finding.outcome == Outcome::kFail) {
      at->others.push_back(&finding);
    }
  }
  return suites;
}

std::string Describe(const Finding& finding) {
  std::string text = Concat(finding.check, ": ", FailureClassName(finding.klass), " (",
                            finding.known ? "known" : FindingSeverityName(finding.severity), ")\n",
                            finding.detail, "\n");
  if (finding.reply && !finding.reply->text.empty()) {
    Append(text, "server said: ", finding.reply->text, "\n");
  }
  if (!finding.fix.empty()) Append(text, "what to do: ", finding.fix, "\n");
  return text;
}

bool Skipped(const Case& one) {
  return one.counted.empty() && one.own->outcome == Outcome::kNotTested;
}

void WriteCase(std::string& out, const Case& one, std::string_view suite) {
  const Finding& own = *one.own;
  const std::string by = own.resolvers.empty() ? "" : Concat(" by ", Join(own.resolvers, ", "));
  Append(out, "    <testcase name=\"", XmlText(Concat(own.check, " ", own.subject, by)),
         "\" classname=\"", XmlText(suite), "\" time=\"", Seconds(TimeOf(own)), "\"");
  if (!one.counted.empty()) {
    std::string text;
    for (const Finding* finding : one.counted) text += Describe(*finding);
    const Finding& first = *one.counted.front();
    Append(out, ">\n      <failure type=\"", FailureClassName(first.klass), "\" message=\"",
           XmlText(first.detail), "\">", XmlText(text), "</failure>\n    </testcase>\n");
  } else if (Skipped(one)) {
    Append(out, ">\n      <skipped message=\"", XmlText(own.detail), "\"/>\n    </testcase>\n");
  } else {
    out += "/>\n";
  }
}

void WriteSuite(std::string& out, const Report& report, const Suite& suite, size_t id) {
  absl::Duration took;
  std::string notes;
  for (const Case& one : suite.cases) {
    took += TimeOf(*one.own);
    for (const Finding* finding : one.others) notes += Describe(*finding);
  }
  const std::string name = Concat(report.domain, ".", LegName(suite.leg));
  const auto failures =
      std::ranges::count_if(suite.cases, [](const Case& one) { return !one.counted.empty(); });
  Append(out, "  <testsuite name=\"", XmlText(name), "\" package=\"", XmlText(report.domain),
         "\" id=\"", id, "\" hostname=\"localhost\" timestamp=\"",
         absl::FormatTime("%Y-%m-%dT%H:%M:%S", report.started, absl::UTCTimeZone()), "\" tests=\"",
         suite.cases.size(), "\" failures=\"", failures, "\" errors=\"0\" skipped=\"",
         std::ranges::count_if(suite.cases, Skipped), "\" time=\"", Seconds(took), "\">\n",
         "    <properties/>\n");
  for (const Case& one : suite.cases) WriteCase(out, one, name);
  Append(out, "    <system-out>", XmlText(notes), "</system-out>\n    <system-err/>\n",
         "  </testsuite>\n");
}

}  // namespace

std::string JunitReport(const Report& report, const FormatOptions& options) {
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n";
  size_t id = 0;
  for (const Suite& suite : Suites(report, options)) WriteSuite(out, report, suite, id++);
  return out + "</testsuites>\n";
}

}  // namespace postwatch::cli
