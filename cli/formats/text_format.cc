#include "cli/formats/text_format.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_format.h"
#include "cli/formats/key_facts.h"
#include "cli/paragraphs.h"
#include "cli/printable.h"
#include "common/base/text.h"

namespace postwatch::cli {
namespace {

constexpr size_t kMarkWidth = 9;  // "  known  "
constexpr std::string_view kIndent = "           ";
constexpr size_t kMaxCheckWidth = 20;
constexpr size_t kShortReason = 40;  // no longer than "as dns.mx says" by much

struct Mark {
  std::string_view word;
  std::string_view color;  // SGR parameters
};

Mark MarkOf(const Finding& finding) {
  if (finding.outcome == Outcome::kPass) return {"ok", "32"};
  if (finding.outcome == Outcome::kNotTested) return {"?", "2"};
  if (finding.known) return {"known", "2"};
  switch (finding.severity) {
    case FindingSeverity::kInfo:
      return {"note", "36"};
    case FindingSeverity::kWarning:
      return {"WARN", "33"};
    case FindingSeverity::kCritical:
      return {"FAIL", "1;31"};
  }
  return {"?", "2"};
}

std::string Colored(std::string_view text, std::string_view color, bool on) {
  return on ? Concat("\033[", color, "m", text, "\033[0m") : std::string(text);
}

// "  WARN   ", whatever the colour.
std::string MarkColumn(const Mark& mark, bool color) {
  const size_t used = 2 + mark.word.size();
  return Concat("  ", Colored(mark.word, mark.color, color), std::string(kMarkWidth - used, ' '));
}

class TextWriter {
 public:
  TextWriter(const Report& report, const FormatOptions& options)
      : report_(report), color_(options.color), fail_on_(options.fail_on) {
    for (const Finding& finding : report.findings) {
      check_width_ = std::max(check_width_, std::min(finding.check.size(), kMaxCheckWidth));
    }
  }

  std::string Write() {
    Append(out_, report_.domain, ", ", TimeText(report_.started), "\n");
    std::optional<Leg> leg;
    for (const Finding& finding : report_.findings) {
      if (leg != finding.leg) Append(out_, "\n", LegTitle(finding.leg), "\n");
      leg = finding.leg;
      if (!Superfluous(finding)) WriteFinding(finding);
    }
    WriteFixed();
    WriteVerdict();
    return std::move(out_);
  }

 private:
  // "by 192.0.2.53:53: ", where several resolvers were asked.
  static std::string By(const Finding& finding) {
    if (finding.resolvers.empty()) return "";
    return Concat("by ", Join(finding.resolvers, ", "), ": ");
  }

  // A check that passed with something to say besides has no line of its own, unless it has facts.
  bool Superfluous(const Finding& own) const {
    if (own.outcome != Outcome::kPass || !KeyFacts(own.facts, report_.started, 80).empty()) {
      return false;
    }
    return std::ranges::any_of(report_.findings, [&own](const Finding& other) {
      return other.check == own.check && other.subject == own.subject &&
             other.resolvers == own.resolvers && other.outcome == Outcome::kFail;
    });
  }

  // The check that told the same before, in the same words; "" when there is none.
  std::string_view ToldBy(const Finding& finding) const {
    for (const Finding& other : report_.findings) {
      if (&other == &finding) break;
      if (other.klass == finding.klass && other.detail == finding.detail &&
          other.outcome == finding.outcome && other.check != finding.check) {
        return other.check;
      }
    }
    return "";
  }

  void WriteFinding(const Finding& finding) {
    std::string check = finding.check;
    check.resize(std::max(check_width_, check.size()), ' ');
    const std::string start = Concat(std::string(kMarkWidth, ' '), check, "  ");
    std::string line = By(finding);
    const std::string_view told_by = ToldBy(finding);
    if (finding.subject != report_.domain) Append(line, Printable(finding.subject), ": ");
    if (finding.outcome == Outcome::kFail) {
      Append(line, FailureClassName(finding.klass));
      if (!finding.step.empty()) Append(line, " at ", finding.step);
      if (!told_by.empty()) Append(line, ", as ", told_by, " says");
    } else if (finding.outcome == Outcome::kNotTested) {
      const bool told = !told_by.empty() && finding.detail.size() > kShortReason;
      Append(line, "not tested",
             told ? Concat(", as ", told_by, " says") : Concat(": ", Printable(finding.detail)));
    } else {
      const size_t used = start.size() + line.size();
      const size_t room = kPageWidth > used ? kPageWidth - used : 0;
      const std::string facts = KeyFacts(finding.facts, report_.started, room);
      const double took = absl::ToDoubleMilliseconds(TimeOf(finding));
      line += facts.empty() ? absl::StrFormat("%.0f ms", took) : facts;
    }
    const std::string laid = Paragraph(start, line);
    out_ += MarkColumn(MarkOf(finding), color_);
    out_ += laid.substr(kMarkWidth);
    if (finding.outcome == Outcome::kFail && told_by.empty()) WriteWhy(finding);
  }

  void WriteWhy(const Finding& finding) {
    out_ += Paragraph(kIndent, Printable(finding.detail));
    if (finding.reply && !finding.reply->text.empty()) {
      out_ += Paragraph(kIndent, Concat("server said: ", Printable(finding.reply->text)));
    }
    if (!finding.fix.empty()) {
      out_ += Paragraph(kIndent, Concat("what to do: ", Printable(finding.fix)));
    }
  }

  void WriteFixed() {
    if (report_.fixed.empty()) return;
    out_ += "\nNo more, since the baseline\n";
    for (const Finding& finding : report_.fixed) {
      Append(out_, MarkColumn({"fixed", "32"}, color_), Printable(finding.check), "  ",
             FailureClassName(finding.klass), "\n");
    }
  }

  // The first of the worst findings, in a few words.
  std::string Worst() const {
    const Finding* worst = nullptr;
    for (const Finding& finding : report_.findings) {
      if (!Counts(finding, FindingSeverity::kWarning)) continue;
      if (worst == nullptr || finding.severity > worst->severity) worst = &finding;
    }
    return worst == nullptr ? "" : Concat(": ", worst->check, ", ", FailureClassName(worst->klass));
  }

  void WriteVerdict() {
    Append(out_, "\n", TallyText(Count(report_)),
           absl::StrFormat("; %.1f s\n", absl::ToDoubleSeconds(report_.took)));
    const ReportStatus status = report_.status();
    const std::string_view color = status == ReportStatus::kOk         ? "1;32"
                                   : status == ReportStatus::kCritical ? "1;31"
                                                                       : "1;33";
    std::string rest = Worst();
    if (report_.interrupted) rest = ": interrupted, so that not everything was tested";
    if (rest.empty() && report_.has_baseline && status == ReportStatus::kOk) {
      rest = ": nothing is worse than in the baseline";
    }
    if (status == ReportStatus::kUnknown && rest.empty()) rest = ": nothing could be tested";
    if (status == ReportStatus::kWarning && fail_on_ == FindingSeverity::kCritical) {
      rest += " (allowed by --fail-on critical)";
    }
    Append(out_, report_.domain, ": ", Colored(AsciiUpper(ReportStatusName(status)), color, color_),
           rest, "\n");
  }

  const Report& report_;
  const bool color_;
  const FindingSeverity fail_on_;
  size_t check_width_ = 0;
  std::string out_;
};

}  // namespace

std::string TextReport(const Report& report, const FormatOptions& options) {
  return TextWriter(report, options).Write();
}

}  // namespace postwatch::cli
