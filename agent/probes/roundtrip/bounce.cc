#include "agent/probes/roundtrip/bounce.h"

#include <algorithm>
#include <utility>

#include "common/base/text.h"
#include "common/mail/mime.h"

namespace postwatch::agent {
namespace {

constexpr size_t kMaxDiagnosticBytes = 1024;
constexpr int kPermanentFailure = 550;
constexpr int kTemporaryFailure = 450;

// The fields of a delivery status: a group for the message, then one for each recipient, parted by
// empty lines (RFC 3464 section 2.1). The first value found counts.
std::string StatusField(std::string_view status, std::string_view name) {
  while (!status.empty()) {
    const MimeEntity group = SplitEntity(status);
    std::string value = HeaderField(group.headers, name);
    if (!value.empty()) return value;
    if (group.body.size() >= status.size()) break;
    status = group.body;
  }
  return "";
}

// "smtp; 550 5.1.1 <x>: no such user" without its type.
std::string_view WithoutType(std::string_view diagnostic) {
  const size_t semicolon = diagnostic.find(';');
  return Trim(semicolon == diagnostic.npos ? diagnostic : diagnostic.substr(semicolon + 1));
}

// The remote server's reply as far as the report kept it: the code at the start of the diagnostic,
// else one that fits the status.
SmtpReply RemoteReply(std::string_view status, std::string_view diagnostic) {
  SmtpReply reply;
  reply.enhanced = std::string(Trim(status.substr(0, status.find_first_of(" (;"))));
  reply.code = reply.enhanced.starts_with("4.") ? kTemporaryFailure : kPermanentFailure;
  const std::optional<int64_t> code = ParseInteger(diagnostic.substr(0, 3));
  const bool separated = diagnostic.size() == 3 ||
                         (diagnostic.size() > 3 && (diagnostic[3] == ' ' || diagnostic[3] == '-'));
  if (code.has_value() && separated && *code >= 400 && *code < 600) {
    reply.code = static_cast<int>(*code);
    diagnostic = Trim(diagnostic.substr(std::min<size_t>(4, diagnostic.size())));
  }
  reply.text = std::string(Truncate(diagnostic, kMaxDiagnosticBytes));
  return reply;
}

ReportKind KindOf(std::string_view action, std::string_view message) {
  if (EqualsIgnoreCase(action, "failed")) return ReportKind::kFailed;
  if (EqualsIgnoreCase(action, "delayed")) return ReportKind::kDelayed;
  if (!action.empty()) return ReportKind::kOther;
  // Exim before 4.91 and others send no machine-readable part, only this field.
  const MimeEntity entity = SplitEntity(message);
  const bool failed = !HeaderField(entity.headers, "X-Failed-Recipients").empty();
  return failed ? ReportKind::kFailed : ReportKind::kOther;
}

}  // namespace

DeliveryReport ReadDeliveryReport(std::string_view message) {
  std::string status_part;
  for (const MimeLeaf& leaf : MimeLeaves(message)) {
    if (leaf.type == "message/delivery-status") status_part = leaf.text;
  }
  DeliveryReport report;
  report.kind = KindOf(StatusField(status_part, "Action"), message);
  if (report.kind == ReportKind::kOther) return report;
  const std::string diagnostic = StatusField(status_part, "Diagnostic-Code");
  const SmtpReply reply = RemoteReply(StatusField(status_part, "Status"), WithoutType(diagnostic));
  const bool failed = report.kind == ReportKind::kFailed;
  report.fault = FaultFromSmtp(SmtpStage::kRcpt, reply);
  report.fault.detail = Concat(failed ? "the letter came back: " : "the letter is delayed: ",
                               FailureClassName(report.fault.klass), ": ", reply.code, " ",
                               reply.enhanced, reply.enhanced.empty() ? "" : " ", reply.text);
  report.fault.klass = failed ? FailureClass::kBounce : FailureClass::kDelayNotice;
  return report;
}

}  // namespace postwatch::agent
