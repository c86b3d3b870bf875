// Dsn: what a notice of a failed or delayed delivery says (RFC 3464), and the free words of servers
// that write none.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/mail/reply_classifier.h"
#include "common/mail/smtp_reply.h"

namespace postwatch {

// RFC 3464 section 2.3.3.
enum class DsnAction { kFailed, kDelayed, kDelivered, kRelayed, kExpanded };
std::string_view DsnActionName(DsnAction action);  // "failed"

enum class DsnForm {
  kStandard,  // has a message/delivery-status part
  kExim,
  kQmail,
  kExchange,
  kSendmail,
  kOther,  // from a mail system, in words we can only search
};
std::string_view DsnFormName(DsnForm form);  // "standard"

struct DsnRecipient {
  std::string address;   // who did not get it; "" when not told
  std::string original;  // as the sender wrote it (Original-Recipient), else ""
  DsnAction action = DsnAction::kFailed;
  // The server's words, code and enhanced code. Where no code is told, 550 or 450 by action and
  // status; the text is at most 1 KiB.
  SmtpReply reply;
  bool told_code = false;  // the reply's code stands in the notice
  std::string remote_mta;
  Classification cause;  // of the reply; says nothing for delivered, relayed and expanded
};

struct Dsn {
  DsnForm form = DsnForm::kOther;
  std::string envelope_id;    // Original-Envelope-Id: the ENVID of the sender
  std::string reporting_mta;  // without its type
  std::string message_id;     // of the letter it is about, with its angle brackets; "" unknown
  std::vector<DsnRecipient> recipients;  // at least one, at most 20
};

// Reads a whole message, of which at most 1 MiB is looked at. Nothing when it is no notice about a
// delivery; an automatic reply is none.
std::optional<Dsn> ReadDsn(std::string_view message);

// The recipient that says most: the first failed one, else the first delayed, else the first.
const DsnRecipient& MainRecipient(const Dsn& dsn);

}  // namespace postwatch
