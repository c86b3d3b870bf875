#include "agent/probes/roundtrip/bounce.h"

#include "common/base/text.h"
#include "common/mail/dsn.h"

namespace postwatch::agent {

DeliveryReport ReadDeliveryReport(std::string_view message) {
  DeliveryReport report;
  const std::optional<Dsn> dsn = ReadDsn(message);
  if (!dsn.has_value()) return report;
  const DsnRecipient& recipient = MainRecipient(*dsn);
  const bool failed = recipient.action == DsnAction::kFailed;
  if (!failed && recipient.action != DsnAction::kDelayed) return report;
  report.kind = failed ? ReportKind::kFailed : ReportKind::kDelayed;
  report.cause = NamedFailureClass(recipient.cause.klass);
  const SmtpReply& reply = recipient.reply;
  report.fault.klass = failed ? FailureClass::kBounce : FailureClass::kDelayNotice;
  report.fault.detail =
      Concat(failed ? "the letter came back: " : "the letter is delayed: ", recipient.cause.klass,
             ": ", reply.code, " ", reply.enhanced, reply.enhanced.empty() ? "" : " ", reply.text);
  report.fault.reply =
      Reply{reply.code, reply.enhanced, reply.text, std::string(recipient.cause.rule)};
  return report;
}

}  // namespace postwatch::agent
