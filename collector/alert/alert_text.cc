#include "collector/alert/alert_text.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "common/base/text.h"

namespace postwatch::collector {
namespace {

constexpr size_t kMaxTitle = 110;
constexpr size_t kMaxReplyShown = 200;

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

std::string MailLossSentence(MailLoss loss) {
  switch (loss) {
    case MailLoss::kNone:
      return "No mail is affected.";
    case MailLoss::kQueued:
      return "Mail is queued at the senders and will arrive later; nothing is lost yet.";
    case MailLoss::kRejected:
      return "Mail is being REJECTED: senders get bounces now.";
    case MailLoss::kAtRisk:
      return "Accepted mail does not arrive: it is at risk until the queue moves.";
    case MailLoss::kAccessible:
      return "Mail is accepted and safe; it cannot be read.";
  }
  return "";
}

std::string Verb(AlertEvent event) {
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
  for (const ScopeRow& row : verdict.scope)
    words.push_back(Concat(row.region, " ", RegionWord(row)));
  return Join(words, ", ");
}

std::string AlertTitle(const Alert& alert) {
  const Verdict& verdict = alert.incident.verdict;
  const auto failing =
      std::ranges::count_if(verdict.scope, [](const ScopeRow& row) { return row.failing > 0; });
  const std::string title =
      Concat("[", AsciiUpper(SeverityName(verdict.severity)), "] ", Verb(alert.event),
             Subject(verdict), " ", LegName(verdict.leg), ": ", FailureClassName(verdict.klass),
             ", ", failing, "/", verdict.scope.size(), " regions");
  return std::string(Truncate(title, kMaxTitle));
}

std::string AlertBody(const Alert& alert) {
  const Incident& incident = alert.incident;
  const Verdict& verdict = incident.verdict;
  std::string body = Concat(verdict.explanation, "\n");
  Append(body, "Blamed: ", verdict.component.Text(), " (", VerdictLevelName(verdict.level), ", ",
         Percent(verdict.confidence), " sure): ", FailureClassMeaning(verdict.klass), ".\n");
  for (const Alternative& other : verdict.alternatives) {
    Append(body, "Or: ", other.component.Text(), " (", Percent(other.confidence), ")",
           other.deciding.empty() ? "" : "; told apart by ", other.deciding, ".\n");
  }
  Append(body, "Regions: ", ScopeLine(verdict), ".\n");
  Append(body, "Since: ",
         absl::FormatTime("%Y-%m-%d %H:%M:%S UTC", incident.started, absl::UTCTimeZone()));
  if (incident.ended) {
    Append(body, ", ended ", absl::FormatTime("%H:%M:%S UTC", *incident.ended, absl::UTCTimeZone()),
           " after ",
           absl::FormatDuration(absl::Trunc(*incident.ended - incident.started, absl::Seconds(1))));
  }
  Append(body, ".\n", MailLossSentence(verdict.mail_loss), "\n");
  for (const std::string& reply : verdict.evidence.replies) {
    Append(body, "Server said: ", Truncate(reply, kMaxReplyShown), "\n");
  }
  Append(body, "Incident ", incident.id, ".\n");
  return body;
}

}  // namespace postwatch::collector
