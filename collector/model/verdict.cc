#include "collector/model/verdict.h"

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

}  // namespace postwatch::collector
