// Lines of Exim's mainlog and rejectlog: "DATE TIME [ZONE] [PID] MESSAGE-ID FLAG ADDRESS ...".
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

// Of "SMTP error from remote mail server after RCPT TO:<a@b>: 550 ...".
constexpr auto kAfter = std::to_array<StageWord>({
    {"initial connection", SmtpStage::kConnect},
    {"EHLO", SmtpStage::kEhlo},
    {"HELO", SmtpStage::kEhlo},
    {"LHLO", SmtpStage::kEhlo},
    {"STARTTLS", SmtpStage::kStartTls},
    {"AUTH", SmtpStage::kAuth},
    {"MAIL FROM", SmtpStage::kMail},
    {"pipelined MAIL FROM", SmtpStage::kMail},
    {"RCPT TO", SmtpStage::kRcpt},
    {"pipelined RCPT TO", SmtpStage::kRcpt},
    {"DATA", SmtpStage::kData},
    {"pipelined DATA", SmtpStage::kData},
    {"sending data block", SmtpStage::kFinal},
    {"end of data", SmtpStage::kFinal},
    {"pipelined end of data", SmtpStage::kFinal},
});

// Of "rejected RCPT <a@b>: ...".
constexpr auto kRejected = std::to_array<StageWord>({
    {"rejected RCPT ", SmtpStage::kRcpt},
    {"rejected MAIL ", SmtpStage::kMail},
    {"rejected EHLO", SmtpStage::kEhlo},
    {"rejected HELO", SmtpStage::kEhlo},
    {"rejected DATA", SmtpStage::kData},
    {"rejected after DATA", SmtpStage::kFinal},
    {"rejected during MIME ACL", SmtpStage::kFinal},
    {"rejected connection", SmtpStage::kConnect},
});

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Takes "2026-11-23 10:00:00 " off; false when the line does not begin so.
bool TakeDate(std::string_view& line) {
  constexpr std::string_view kShape = "dddd-dd-dd dd:dd:dd";
  if (line.size() <= kShape.size()) return false;
  for (size_t i = 0; i < kShape.size(); ++i) {
    if (kShape[i] == 'd' ? !IsDigit(line[i]) : line[i] != kShape[i]) return false;
  }
  const size_t end = line.find(' ', kShape.size());  // milliseconds may follow the seconds
  if (end == line.npos) return false;
  line.remove_prefix(end + 1);
  return true;
}

// "SMTP error from remote mail server after X: REPLY" into `read`; false where it is not.
bool ReadRemoteError(std::string_view text, LogLine& read) {
  constexpr std::string_view kWords = "SMTP error from remote mail";
  const size_t at = text.find(kWords);
  if (at == text.npos) return false;
  text.remove_prefix(at);
  const size_t after = text.find(" after ");
  if (after == text.npos) return false;
  text.remove_prefix(after + std::string_view(" after ").size());
  const auto stage = std::ranges::find_if(
      kAfter, [&](const StageWord& entry) { return text.starts_with(entry.words); });
  if (stage != kAfter.end()) read.stage = stage->stage;
  // The command may hold colons and the reply too: the reply is behind the first ": " that a code
  // follows.
  for (size_t colon = text.find(": "); colon != text.npos; colon = text.find(": ", colon + 1)) {
    read.reply = ReadLoggedReply(text.substr(colon + 2));
    if (read.reply.has_value()) return true;
  }
  return false;
}

// What is behind "R=router T=transport H=host [ip]...: ", else all of it.
std::string_view ReasonOf(std::string_view text) {
  const size_t at = text.find(": ");
  return at == text.npos ? text : text.substr(at + 2);
}

std::optional<LogLine> ReadDelivery(std::string_view line) {
  // The flag is behind the message id, which is one word (zone and process id may precede it).
  size_t at = line.npos;
  LogLine read;
  read.source = LogSource::kExim;
  const std::pair<std::string_view, LogEvent> flags[] = {{" ** ", LogEvent::kBounced},
                                                         {" == ", LogEvent::kDeferred},
                                                         {" => ", LogEvent::kDelivered},
                                                         {" -> ", LogEvent::kDelivered}};
  for (const auto& [flag, event] : flags) {
    const size_t found = line.find(flag);
    if (found >= at) continue;
    at = found;
    read.event = event;
  }
  if (at == line.npos || std::ranges::count(line.substr(0, at), ' ') > 2) return std::nullopt;
  line.remove_prefix(at + 4);
  if (read.event == LogEvent::kDelivered) return read;
  if (ReadRemoteError(line, read)) return read;
  const size_t defer = line.find(" defer (");
  const std::string_view reason = defer == line.npos ? ReasonOf(line) : line.substr(defer + 1);
  read.trouble = PeerText(reason);
  return read;
}

std::optional<LogLine> ReadRejection(std::string_view line) {
  for (const StageWord& entry : kRejected) {
    const size_t at = line.find(entry.words);
    if (at == line.npos) continue;
    const bool temporary = line.substr(0, at).ends_with("temporarily ");
    const size_t colon = line.find(": ", at);
    const std::string_view said = colon == line.npos ? "" : line.substr(colon + 2);
    LogLine read;
    read.source = LogSource::kExim;
    read.event = LogEvent::kRejected;
    read.stage = entry.stage;
    read.reply = ReadLoggedReply(said);
    if (!read.reply.has_value()) {
      read.reply = SmtpReply{temporary ? 451 : 550, "", PeerText(said)};
    }
    return read;
  }
  return std::nullopt;
}

// "login authenticator failed for (helo) [ip]: 535 Incorrect authentication data (set_id=name)".
std::optional<LogLine> ReadLogin(std::string_view line) {
  const size_t at = line.find(" authenticator failed for ");
  if (at == line.npos) return std::nullopt;
  const size_t colon = line.find("]: ", at);
  if (colon == line.npos) return std::nullopt;
  std::string_view said = line.substr(colon + 3);
  said = said.substr(0, said.find(" (set_id="));
  LogLine read;
  read.source = LogSource::kExim;
  read.event = LogEvent::kRejected;
  read.stage = SmtpStage::kAuth;
  read.reply = ReadLoggedReply(said);
  if (!read.reply.has_value()) return std::nullopt;
  return read;
}

}  // namespace

std::optional<LogLine> ReadEximLine(std::string_view line) {
  if (!TakeDate(line)) return std::nullopt;
  std::optional<LogLine> read = ReadLogin(line);
  if (!read.has_value()) read = ReadRejection(line);
  return read.has_value() ? read : ReadDelivery(line);
}

}  // namespace postwatch
