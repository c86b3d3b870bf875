#include "collector/alert/alert_text.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "common/base/text.h"

namespace postwatch::collector {
namespace {

constexpr size_t kMaxTitle = 110;
constexpr size_t kMaxReplyShown = 200;
constexpr size_t kMaxTargetsNamed = 12;

std::string Subject(const Verdict& verdict) {
  if (verdict.targets.size() == 1) return verdict.targets.front();
  if (!verdict.provider.empty()) return verdict.provider;
  return verdict.component.Text();
}

std::string_view RegionWord(const ScopeRow& row) {
  if (row.failing > 0 && row.healthy > 0) return "part";
  if (row.failing > 0) return "FAIL";
  if (row.healthy > 0) return "ok";
  return row.masked > 0 ? "masked" : "unknown";
}

std::string Percent(double share) { return absl::StrFormat("%.0f %%", share * 100); }

// Control characters out: a line break in a reply would let a server write lines of its own.
std::string OneLine(std::string_view text) {
  std::string line(text);
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
  }
  return line;
}

std::string Period(const Incident& incident) {
  const absl::TimeZone utc = absl::UTCTimeZone();
  std::string text =
      Concat("Since: ", absl::FormatTime("%Y-%m-%d %H:%M:%S UTC", incident.started, utc));
  if (incident.ended) {
    Append(text, ", ended ", absl::FormatTime("%H:%M:%S UTC", *incident.ended, utc), " after ",
           absl::FormatDuration(absl::Trunc(*incident.ended - incident.started, absl::Seconds(1))));
  }
  return text;
}

std::string_view Verb(AlertEvent event) {
  switch (event) {
    case AlertEvent::kOpened:
      return "";
    case AlertEvent::kChanged:
      return "changed: ";
    case AlertEvent::kReminder:
      return "still: ";
    case AlertEvent::kResolved:
      return "resolved: ";
  }
  return "";
}

}  // namespace

std::string ScopeLine(const Verdict& verdict) {
  std::vector<std::string> words;
  words.reserve(verdict.scope.size());
  for (const ScopeRow& row : verdict.scope) {
    words.push_back(Concat(row.region, " ", RegionWord(row)));
  }
  return Join(words, ", ");
}

std::string AlertTitle(const Alert& alert) {
  const Verdict& verdict = alert.incident.verdict;
  const auto failing =
      std::ranges::count_if(verdict.scope, [](const ScopeRow& row) { return row.failing > 0; });
  std::string title =
      Concat("[", AsciiUpper(SeverityName(verdict.severity)), "] ", Verb(alert.event),
             Subject(verdict), " ", LegName(verdict.leg), ": ", FailureClassName(verdict.klass));
  if (!verdict.scope.empty()) {
    Append(title, ", ", failing, "/", verdict.scope.size(), " regions");
  }
  return OneLine(Truncate(title, kMaxTitle));
}

std::string AlertBody(const Alert& alert) {
  const Incident& incident = alert.incident;
  const Verdict& verdict = incident.verdict;
  std::string body = Concat(OneLine(verdict.explanation), "\n");
  Append(body, "Blamed: ", OneLine(verdict.component.Text()), " (", VerdictLevelName(verdict.level),
         ", ", Percent(verdict.confidence), " sure): ", FailureClassMeaning(verdict.klass), ".\n");
  for (const Alternative& other : verdict.alternatives) {
    Append(body, "Or: ", OneLine(other.component.Text()), " (", Percent(other.confidence), ")",
           other.deciding.empty() ? "" : "; told apart by ", OneLine(other.deciding), ".\n");
  }
  if (!verdict.scope.empty()) Append(body, "Regions: ", ScopeLine(verdict), ".\n");
  if (verdict.targets.size() > 1) {
    Append(body, "Affected: ", OneLine(TargetsText(verdict, kMaxTargetsNamed)), ".\n");
  }
  Append(body, Period(incident), ".\n");
  const std::string_view loss =
      MailLossSentence(verdict, incident.state == IncidentState::kResolved);
  if (verdict.explanation.find(loss) == std::string::npos) Append(body, loss, "\n");
  for (const std::string& reply : verdict.evidence.replies) {
    Append(body, "Reported: ", OneLine(Truncate(reply, kMaxReplyShown)), "\n");
  }
  Append(body, "Incident ", incident.id, ".\n");
  return body;
}

}  // namespace postwatch::collector
