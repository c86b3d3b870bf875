#include "common/mail/dsn.h"

#include <algorithm>
#include <utility>

#include "common/base/text.h"
#include "common/mail/dsn_text.h"
#include "common/mail/mime.h"

namespace postwatch {
namespace {

constexpr size_t kMaxMessage = 1024 * 1024;
constexpr size_t kMaxRecipients = 20;
constexpr size_t kMaxGroups = 100;
constexpr size_t kMaxField = 1024;

// "rfc822; <probe@example.com>" or "dns; mx.example.com" without type and brackets (RFC 3464
// section 2.1.2).
std::string WithoutType(std::string_view value) {
  const size_t semicolon = value.find(';');
  value = Trim(semicolon == value.npos ? value : value.substr(semicolon + 1));
  if (value.starts_with('<') && value.ends_with('>')) value = value.substr(1, value.size() - 2);
  return std::string(Truncate(value, kMaxField));
}

// Nothing told: by the class of the status.
DsnAction ActionOf(std::string_view action, std::string_view status) {
  for (const DsnAction each : {DsnAction::kFailed, DsnAction::kDelayed, DsnAction::kDelivered,
                               DsnAction::kRelayed, DsnAction::kExpanded}) {
    if (EqualsIgnoreCase(action.substr(0, action.find_first_of(" (;")), DsnActionName(each))) {
      return each;
    }
  }
  if (status.starts_with('2')) return DsnAction::kDelivered;
  return status.starts_with('4') ? DsnAction::kDelayed : DsnAction::kFailed;
}

void AddRecipient(std::string_view group, Dsn& dsn) {
  DsnRecipient recipient;
  recipient.address = WithoutType(HeaderField(group, "Final-Recipient"));
  recipient.original = WithoutType(HeaderField(group, "Original-Recipient"));
  if (recipient.address.empty()) recipient.address = recipient.original;
  const std::string status_field = HeaderField(group, "Status");
  const std::string_view whole(status_field);
  const std::string status(whole.substr(0, whole.find_first_of(" (;")));
  recipient.action = ActionOf(HeaderField(group, "Action"), status);
  recipient.remote_mta = WithoutType(HeaderField(group, "Remote-MTA"));
  ReadDsnReply(WithoutType(HeaderField(group, "Diagnostic-Code")), status, recipient);
  dsn.recipients.push_back(std::move(recipient));
}

// The message's group, then one for each recipient, parted by empty lines (RFC 3464 section 2.1).
void ReadStatusPart(std::string_view part, Dsn& dsn) {
  for (size_t i = 0; i < kMaxGroups && !part.empty(); ++i) {
    const MimeEntity group = SplitEntity(part);
    const bool of_recipient = !HeaderField(group.headers, "Final-Recipient").empty() ||
                              !HeaderField(group.headers, "Action").empty() ||
                              !HeaderField(group.headers, "Status").empty();
    if (of_recipient && dsn.recipients.size() < kMaxRecipients) AddRecipient(group.headers, dsn);
    if (!of_recipient && dsn.envelope_id.empty()) {
      dsn.envelope_id = Truncate(HeaderField(group.headers, "Original-Envelope-Id"), kMaxField);
    }
    if (!of_recipient && dsn.reporting_mta.empty()) {
      dsn.reporting_mta = WithoutType(HeaderField(group.headers, "Reporting-MTA"));
    }
    part = group.body;
  }
}

bool IsStatus(const MimeLeaf& leaf) {
  return leaf.type == "message/delivery-status" || leaf.type == "message/global-delivery-status";
}

bool HoldsOriginal(const MimeLeaf& leaf) {
  return leaf.type == "message/rfc822" || leaf.type == "text/rfc822-headers" ||
         leaf.type == "message/rfc822-headers" || leaf.type == "message/global" ||
         leaf.type == "message/global-headers";
}

// The Message-ID line of a copy inside free text.
std::string MessageIdInText(std::string_view text) {
  constexpr std::string_view kName = "message-id:";
  for (const std::string_view raw : Split(text, '\n')) {
    const std::string_view line = Trim(raw);
    if (StartsWithIgnoreCase(line, kName)) {
      return std::string(Truncate(Trim(line.substr(kName.size())), kMaxField));
    }
  }
  return "";
}

std::string MessageIdOf(const std::vector<MimeLeaf>& leaves) {
  for (const MimeLeaf& leaf : leaves) {
    if (!HoldsOriginal(leaf)) continue;
    std::string id = HeaderField(SplitEntity(leaf.text).headers, "Message-ID");
    if (!id.empty()) return std::string(Truncate(id, kMaxField));
  }
  for (const MimeLeaf& leaf : leaves) {
    if (!leaf.type.starts_with("text/")) continue;
    std::string id = MessageIdInText(leaf.text);
    if (!id.empty()) return id;
  }
  return "";
}

}  // namespace

std::string_view DsnActionName(DsnAction action) {
  switch (action) {
    case DsnAction::kFailed:
      return "failed";
    case DsnAction::kDelayed:
      return "delayed";
    case DsnAction::kDelivered:
      return "delivered";
    case DsnAction::kRelayed:
      return "relayed";
    case DsnAction::kExpanded:
      return "expanded";
  }
  return "failed";
}

std::string_view DsnFormName(DsnForm form) {
  switch (form) {
    case DsnForm::kStandard:
      return "standard";
    case DsnForm::kExim:
      return "exim";
    case DsnForm::kQmail:
      return "qmail";
    case DsnForm::kExchange:
      return "exchange";
    case DsnForm::kSendmail:
      return "sendmail";
    case DsnForm::kOther:
      return "other";
  }
  return "other";
}

std::optional<Dsn> ReadDsn(std::string_view message) {
  message = message.substr(0, kMaxMessage);
  const std::vector<MimeLeaf> leaves = MimeLeaves(message);
  Dsn dsn;
  dsn.form = DsnForm::kStandard;
  for (const MimeLeaf& leaf : leaves) {
    if (IsStatus(leaf)) ReadStatusPart(leaf.text, dsn);
  }
  if (dsn.recipients.empty()) {
    const auto text = std::find_if(leaves.begin(), leaves.end(), [](const MimeLeaf& leaf) {
      return leaf.type.starts_with("text/");
    });
    if (text == leaves.end()) return std::nullopt;
    std::optional<Dsn> found = ReadDsnText(SplitEntity(message).headers, text->text);
    if (!found.has_value()) return std::nullopt;
    dsn.form = found->form;
    dsn.recipients = std::move(found->recipients);
  }
  dsn.message_id = MessageIdOf(leaves);
  return dsn;
}

const DsnRecipient& MainRecipient(const Dsn& dsn) {
  for (const DsnAction wanted : {DsnAction::kFailed, DsnAction::kDelayed}) {
    for (const DsnRecipient& recipient : dsn.recipients) {
      if (recipient.action == wanted) return recipient;
    }
  }
  return dsn.recipients.front();
}

}  // namespace postwatch
