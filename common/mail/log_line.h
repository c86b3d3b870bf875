// Log line: what one line of a mail server's log says about one delivery or refusal.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/mail/reply_classifier.h"
#include "common/mail/smtp_reply.h"

namespace postwatch {

// Longest line looked at; the rest of a longer one is ignored.
inline constexpr size_t kMaxLogLine = 64 * 1024;

enum class LogSource { kPostfix, kExim };

enum class LogEvent {
  kDelivered,  // the next server took the letter
  kDeferred,   // it will be tried again
  kBounced,    // it was given up
  kRejected,   // this server refused a client
};
std::string_view LogEventName(LogEvent event);  // "delivered"

struct LogLine {
  LogSource source = LogSource::kPostfix;
  LogEvent event = LogEvent::kDelivered;
  SmtpStage stage = SmtpStage::kRcpt;  // of the reply
  // What a server said to a client, whichever of them wrote the log. Where the log leaves the code
  // out, it is 550 or 451 by the event. Text at most 2 KiB.
  std::optional<SmtpReply> reply;
  std::string trouble;  // why there is no reply: "Connection timed out"; at most 2 KiB

  bool operator==(const LogLine&) const;
};

// Postfix (smtp, lmtp, local, virtual, pipe, smtpd, postscreen, cleanup) with any prefix that
// syslog or journald puts before it, and Exim's mainlog and rejectlog. Nothing for any other line,
// and for those that tell of no delivery and no refusal.
std::optional<LogLine> ReadLogLine(std::string_view line);

// The class of the reply, or of the trouble before there was one (tcp_timeout, dns_servfail, ...).
// Says nothing ("", no rule) for a delivered letter.
Classification ClassifyLogLine(const LogLine& line);

// For the two formats.
std::optional<LogLine> ReadPostfixLine(std::string_view line);
std::optional<LogLine> ReadEximLine(std::string_view line);

// A reply as logs have it, in one line: codes in front, those of further lines inside the text.
// Nothing when it does not begin with a code from 200 to 599.
std::optional<SmtpReply> ReadLoggedReply(std::string_view text);

}  // namespace postwatch
