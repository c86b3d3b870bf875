// Reply classifier: from a server's words to a named class, by a table of named rules.
#pragma once

#include <string>
#include <string_view>

#include "common/mail/imap_client.h"
#include "common/mail/smtp_client.h"

namespace postwatch {

// Where in the SMTP conversation a reply came.
enum class SmtpStage { kConnect, kEhlo, kStartTls, kAuth, kMail, kRcpt, kData, kFinal };

// `klass` is a failure class name of common/model/failure_class.h (the layers do not include each
// other; a test holds every name of the table against the enumeration).
struct Classification {
  std::string_view klass;
  std::string_view rule;  // stable id of the rule that decided, e.g. "postfix.relay-denied"
  double confidence = 0;  // provider text 0.95, generic text 0.8, enhanced code 0.7, basic code 0.5
};

// Order: provider text, generic text, enhanced code, basic code with stage (mail-domain.md 2.4).
// `reply` must be a 4xx or 5xx, or an unexpected one; always answers with some class.
Classification ClassifySmtpReply(SmtpStage stage, const SmtpReply& reply);

// Whether a rule of this id knows no words, only the basic code or nothing: its replies are worth a
// rule of their own (docs/classifier.md).
bool IsWithoutRule(std::string_view rule);

// What is the same in every reply of a kind: lower case, without addresses, numbers, identifiers
// and links. At most 512 bytes.
std::string ReplyShape(std::string_view text);

// For a NO, BAD or BYE. Response code first, then text.
enum class ImapStage { kGreeting, kStartTls, kLogin, kSelect, kFetch, kIdle, kExpunge, kOther };
Classification ClassifyImapStatus(ImapStage stage, const ImapStatus& status);

}  // namespace postwatch
