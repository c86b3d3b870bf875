// Lines of Postfix: its programs write "postfix/PROGRAM[PID]: QUEUE-ID: ...".
#include <algorithm>
#include <array>

#include "common/base/text.h"
#include "common/mail/log_line.h"
#include "common/mail/peer_text.h"

namespace postwatch {
namespace {

struct StageWord {
  std::string_view words;
  SmtpStage stage;
};

// Of "(in reply to RCPT TO command)".
constexpr auto kReplyTo = std::to_array<StageWord>({
    {"(in reply to end of DATA", SmtpStage::kFinal},
    {"(in reply to DATA", SmtpStage::kData},
    {"(in reply to RCPT TO", SmtpStage::kRcpt},
    {"(in reply to MAIL FROM", SmtpStage::kMail},
    {"(in reply to AUTH", SmtpStage::kAuth},
    {"(in reply to STARTTLS", SmtpStage::kStartTls},
    {"(in reply to EHLO", SmtpStage::kEhlo},
    {"(in reply to HELO", SmtpStage::kEhlo},
    {"(in reply to LHLO", SmtpStage::kEhlo},
    {"(in reply to ", SmtpStage::kRcpt},
});

// Of "reject: RCPT from".
constexpr auto kRejected = std::to_array<StageWord>({
    {"RCPT from ", SmtpStage::kRcpt},
    {"MAIL from ", SmtpStage::kMail},
    {"CONNECT from ", SmtpStage::kConnect},
    {"EHLO from ", SmtpStage::kEhlo},
    {"HELO from ", SmtpStage::kEhlo},
    {"VRFY from ", SmtpStage::kRcpt},
    {"ETRN from ", SmtpStage::kRcpt},
    {"DATA from ", SmtpStage::kData},
    {"BDAT from ", SmtpStage::kData},
    {"END-OF-MESSAGE from ", SmtpStage::kFinal},
    {"header ", SmtpStage::kFinal},
    {"body ", SmtpStage::kFinal},
});

// The text behind "postfix/PROGRAM[PID]: ", and the program; false for other lines. The syslog name
// may be longer: "postfix/submission/smtpd".
bool TakeProgram(std::string_view& line, std::string_view& program) {
  const size_t at = line.find("postfix");
  if (at == line.npos) return false;
  const size_t colon = line.find(": ", at);
  if (colon == line.npos) return false;
  std::string_view name = line.substr(at, colon - at);
  name = name.substr(0, name.find('['));
  if (name.find(' ') != name.npos || name.find('/') == name.npos) return false;
  program = name.substr(name.rfind('/') + 1);
  line.remove_prefix(colon + 2);
  return true;
}

// Reads what a status has in brackets: a reply told by the other server, or why there is none.
void ReadReason(std::string_view reason, LogLine& read) {
  for (const std::string_view words : {"said: ", "refused to talk to me: "}) {
    const size_t at = reason.find(words);
    if (at == reason.npos) continue;
    std::string_view told = reason.substr(at + words.size());
    read.stage = words.starts_with("refused") ? SmtpStage::kConnect : SmtpStage::kRcpt;
    for (const StageWord& entry : kReplyTo) {
      const size_t end = told.rfind(entry.words);
      if (end == told.npos) continue;
      read.stage = entry.stage;
      told = told.substr(0, end);
      break;
    }
    read.reply = ReadLoggedReply(told);
    if (read.reply.has_value()) return;
  }
  read.trouble = PeerText(reason);
}

std::optional<LogLine> ReadStatus(std::string_view line) {
  const size_t at = line.find(", status=");
  if (at == line.npos) return std::nullopt;
  std::string_view status = line.substr(at + std::string_view(", status=").size());
  LogLine read;
  if (status.starts_with("sent")) {
    read.event = LogEvent::kDelivered;
    return read;
  }
  const bool bounced = status.starts_with("bounced") || status.starts_with("expired") ||
                       status.starts_with("undeliverable");
  if (!bounced && !status.starts_with("deferred") && !status.starts_with("deliverable")) {
    return std::nullopt;
  }
  if (status.starts_with("deliverable")) return std::nullopt;  // an address probe
  read.event = bounced ? LogEvent::kBounced : LogEvent::kDeferred;
  const size_t open = status.find('(');
  std::string_view reason = open == status.npos ? status : status.substr(open + 1);
  if (reason.ends_with(')')) reason.remove_suffix(1);
  ReadReason(reason, read);
  return read;
}

// "4.7.1 Greylisting": milters leave the basic code out.
std::optional<SmtpReply> ReadMilterReply(std::string_view text) {
  if (text.empty() || (text[0] != '4' && text[0] != '5')) return std::nullopt;
  return ReadLoggedReply(Concat(text[0] == '4' ? "451 " : "550 ", text));
}

std::optional<LogLine> ReadReject(std::string_view line) {
  size_t at = line.find("reject: ");
  if (at == line.npos || line.substr(0, at).find(' ') == line.npos) return std::nullopt;
  line.remove_prefix(at + std::string_view("reject: ").size());
  LogLine read;
  read.event = LogEvent::kRejected;
  const auto stage = std::ranges::find_if(
      kRejected, [&](const StageWord& entry) { return line.starts_with(entry.words); });
  if (stage == kRejected.end()) return std::nullopt;
  read.stage = stage->stage;
  at = line.find(": ");
  if (at == line.npos) return std::nullopt;
  std::string_view told = line.substr(at + 2);
  const size_t end = told.rfind("; from=<");
  told = Trim(told.substr(0, end));
  read.reply = ReadLoggedReply(told);
  if (!read.reply.has_value()) read.reply = ReadMilterReply(told);
  if (!read.reply.has_value()) read.trouble = PeerText(told);
  return read;
}

// "warning: host[ip]: SASL PLAIN authentication failed: ..." (a base64 challenge may follow).
std::optional<LogLine> ReadSasl(std::string_view line) {
  const size_t at = line.find(": SASL ");
  const size_t failed = line.find(" authentication failed");
  if (at == line.npos || failed == line.npos || failed < at) return std::nullopt;
  const bool temporary = ContainsIgnoreCase(line.substr(failed), "temporar") ||
                         ContainsIgnoreCase(line.substr(failed), "connection lost");
  LogLine read;
  read.event = LogEvent::kRejected;
  read.stage = SmtpStage::kAuth;
  read.reply = temporary ? SmtpReply{454, "4.7.0", "Temporary authentication failure"}
                         : SmtpReply{535, "5.7.8", "authentication failed"};
  return read;
}

}  // namespace

std::optional<LogLine> ReadPostfixLine(std::string_view line) {
  std::string_view program;
  if (!TakeProgram(line, program)) return std::nullopt;
  const bool server = program == "smtpd" || program == "postscreen" || program == "cleanup";
  std::optional<LogLine> read = server ? ReadReject(line) : ReadStatus(line);
  if (!read.has_value() && program == "smtpd") read = ReadSasl(line);
  return read;
}

}  // namespace postwatch
