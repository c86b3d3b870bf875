#include "collector/model/verdict.h"

#include <algorithm>

#include "common/base/text.h"

namespace postwatch::collector {

std::string_view VerdictLevelName(VerdictLevel level) {
  switch (level) {
    case VerdictLevel::kReal:
      return "real";
    case VerdictLevel::kLocal:
      return "local";
    case VerdictLevel::kInsufficientVisibility:
      return "insufficient_visibility";
  }
  return "local";
}

std::string_view SeverityName(Severity severity) {
  switch (severity) {
    case Severity::kSev1:
      return "sev1";
    case Severity::kSev2:
      return "sev2";
    case Severity::kSev3:
      return "sev3";
    case Severity::kSev4:
      return "sev4";
  }
  return "sev4";
}

std::string_view SeverityLabel(Severity severity) {
  switch (severity) {
    case Severity::kSev1:
      return "critical";
    case Severity::kSev2:
      return "error";
    case Severity::kSev3:
      return "warning";
    case Severity::kSev4:
      return "info";
  }
  return "info";
}

std::string_view MailLossName(MailLoss loss) {
  switch (loss) {
    case MailLoss::kNone:
      return "none";
    case MailLoss::kQueued:
      return "queued";
    case MailLoss::kRejected:
      return "rejected";
    case MailLoss::kAtRisk:
      return "at_risk";
    case MailLoss::kAccessible:
      return "accessible";
  }
  return "none";
}

std::string_view MailLossSentence(const Verdict& verdict, bool over) {
  if (verdict.level == VerdictLevel::kInsufficientVisibility) {
    return over ? "Nobody could see what happened to mail meanwhile."
                : "Nobody can see what happens to mail until agents are back.";
  }
  switch (verdict.mail_loss) {
    case MailLoss::kNone:
      if (verdict.level == VerdictLevel::kReal && verdict.leg == Leg::kAccess) {
        return over ? "New mail was accepted and kept; people could not read it meanwhile."
                    : "New mail is accepted and kept; people cannot read it until this ends.";
      }
      if (verdict.level == VerdictLevel::kReal && verdict.leg == Leg::kSubmission) {
        return over ? "New mail was accepted and kept; nothing could be read or handed in."
                    : "New mail is accepted and kept; nothing can be read or handed in.";
      }
      return over ? "No mail was affected." : "No mail is affected.";
    case MailLoss::kQueued:
      if (verdict.leg == Leg::kDelivery) {
        return over ? "Mail was accepted and held back; it arrives as the queue empties."
                    : "Mail is accepted and held back; nothing bounces yet, nothing is lost yet.";
      }
      return over ? "Mail was queued at the senders and arrives as they try again."
                  : "Mail waits in the senders' queues and arrives later; nothing is lost yet "
                    "(senders commonly give up after some days).";
    case MailLoss::kRejected:
      return over
                 ? "Mail was REJECTED for good meanwhile: senders got it back and must send again."
                 : "Mail is being REJECTED for good: senders get it back now and do not try again.";
    case MailLoss::kAtRisk:
      return over ? "Mail that was accepted did not arrive meanwhile: check what became of it."
                  : "Mail that was accepted does not arrive: it is at risk until it is seen again.";
    case MailLoss::kAccessible:
      if (verdict.leg == Leg::kSubmission) {
        return over ? "Nothing could be handed in for sending; incoming and stored mail was safe."
                    : "Nothing can be handed in for sending; incoming and stored mail is safe.";
      }
      return over ? "Mail was accepted and safe; it could not be read."
                  : "Mail is accepted and safe; it cannot be read.";
  }
  return "";
}

std::string TargetsText(const Verdict& verdict, size_t most) {
  std::vector<std::string> named = verdict.targets;
  named.resize(std::min(named.size(), most));
  // Incidents of earlier versions have no count.
  const size_t all = std::max(verdict.targets.size(),
                              static_cast<size_t>(std::max<int64_t>(verdict.targets_hit, 0)));
  std::string text = Join(named, ", ");
  if (all > named.size()) Append(text, " and ", all - named.size(), " more");
  return text;
}

}  // namespace postwatch::collector
