#include "common/mail/smtp_client.h"

#include <algorithm>
#include <optional>

#include "common/base/text.h"
#include "common/mail/peer_text.h"

namespace postwatch {
namespace {

// RFC 5321 section 4.5.3.1.4; longer SASL responses wait for the server's 334.
constexpr size_t kMaxCommandLine = 512;
// Each chunk has the stream's whole time limit, so that a big message on a slow line may pass.
constexpr size_t kWriteChunk = 64 * 1024;

absl::Status ProtocolError(std::string_view what) {
  return absl::InvalidArgumentError(Concat("smtp protocol: ", what));
}

bool Injects(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) != text.npos;
}

absl::Status RefuseText(std::string_view what) {
  return absl::InvalidArgumentError(
      Concat(what, " holds CR, LF, NUL or an angle bracket; nothing was sent, correct it"));
}

absl::Status CheckAddress(std::string_view what, std::string_view address) {
  if (Injects(address) || address.find_first_of("<>") != address.npos) return RefuseText(what);
  return absl::OkStatus();
}

// CRLF line ends, dots doubled at line starts, ended by the final dot (RFC 5321 section 4.5.2). A
// bare CR or LF on the wire would be an invitation to smuggle (CVE-2023-51764).
std::string DotStuff(std::string_view message) {
  std::string out;
  out.reserve(message.size() + message.size() / 32 + 8);
  bool line_start = true;
  for (size_t i = 0; i < message.size(); ++i) {
    const char c = message[i];
    if (c == '\r' || c == '\n') {
      out += "\r\n";
      line_start = true;
      if (c == '\r' && i + 1 < message.size() && message[i + 1] == '\n') ++i;
      continue;
    }
    if (line_start && c == '.') out += '.';
    out += c;
    line_start = false;
  }
  if (!line_start) out += "\r\n";
  out += ".\r\n";
  return out;
}

absl::StatusOr<SmtpReply> ReplyOf(const absl::StatusOr<SmtpReplyParser>& parsed) {
  if (!parsed.ok()) return parsed.status();
  return parsed->reply();
}

}  // namespace

bool EhloReply::Has(std::string_view keyword) const {
  return std::any_of(capabilities.begin(), capabilities.end(), [&](std::string_view line) {
    return line.substr(0, line.find(' ')) == keyword;
  });
}

std::vector<std::string> EhloReply::AuthMechanisms() const {
  std::vector<std::string> mechanisms;
  for (std::string_view line : capabilities) {
    if (!line.starts_with("AUTH ") && !line.starts_with("AUTH=")) continue;
    for (std::string_view mechanism : Split(line.substr(5), ' ')) {
      if (mechanism.empty()) continue;
      if (std::find(mechanisms.begin(), mechanisms.end(), mechanism) != mechanisms.end()) continue;
      mechanisms.emplace_back(mechanism);
    }
  }
  return mechanisms;
}

size_t EhloReply::MaxMessageSize() const {
  for (const std::string_view line : capabilities) {
    if (!line.starts_with("SIZE ")) continue;
    return static_cast<size_t>(std::max<int64_t>(ParseInteger(line.substr(5)).value_or(0), 0));
  }
  return 0;
}

Task<absl::StatusOr<SmtpReplyParser>> SmtpClient::ReadLines() {
  SmtpReplyParser parser;
  while (parser.progress() == SmtpReplyParser::Progress::kMore) {
    absl::StatusOr<std::string> line = co_await stream_.ReadLine(kMaxSmtpLine);
    if (!line.ok()) {
      if (GetNetError(line.status()) == NetError::kTooLong) {
        co_return ProtocolError("a line over 4 KiB");
      }
      co_return line.status();
    }
    line->push_back('\n');
    parser.Feed(*line);
  }
  if (parser.progress() == SmtpReplyParser::Progress::kBroken) {
    co_return ProtocolError(parser.problem());
  }
  absl::StatusOr<SmtpReplyParser> result(std::move(parser));
  co_return result;
}

Task<absl::StatusOr<SmtpReply>> SmtpClient::ReadReply() {
  absl::StatusOr<SmtpReplyParser> parsed = co_await ReadLines();
  co_return ReplyOf(parsed);
}

Task<absl::StatusOr<SmtpReplyParser>> SmtpClient::Say(std::string line) {
  if (stream_.HasBuffered()) {
    // Taken for the answer to what comes next, it would shift every later reply by one.
    absl::StatusOr<SmtpReplyParser> early = co_await ReadLines();
    if (!early.ok() || early->reply().code == 421) co_return early;
    co_return ProtocolError(Concat("a reply before its command: ", early->reply().code));
  }
  line += "\r\n";
  absl::Status written = co_await stream_.Write(std::move(line));
  if (!written.ok()) co_return written;
  absl::StatusOr<SmtpReplyParser> parsed = co_await ReadLines();
  co_return parsed;
}

Task<absl::StatusOr<SmtpReply>> SmtpClient::Command(std::string line) {
  absl::StatusOr<SmtpReplyParser> parsed = co_await Say(std::move(line));
  co_return ReplyOf(parsed);
}

Task<absl::StatusOr<SmtpReply>> SmtpClient::ReadBanner() {
  absl::StatusOr<SmtpReply> reply = co_await ReadReply();
  co_return reply;
}

Task<absl::StatusOr<EhloReply>> SmtpClient::Ehlo(std::string client_name) {
  if (Injects(client_name) || client_name.empty()) co_return RefuseText("the EHLO name");
  EhloReply ehlo;
  std::string command = Concat("EHLO ", client_name);
  absl::StatusOr<SmtpReplyParser> parsed = co_await Say(std::move(command));
  if (!parsed.ok()) co_return parsed.status();
  ehlo.reply = parsed->reply();
  if (ehlo.reply.code >= 500) {
    ehlo.helo_fallback = true;
    command = Concat("HELO ", client_name);
    absl::StatusOr<SmtpReply> helo = co_await Command(std::move(command));
    if (!helo.ok()) co_return helo.status();
    ehlo.reply = *std::move(helo);
  } else if (ehlo.reply.positive()) {
    const std::vector<std::string>& lines = parsed->lines();
    for (size_t i = 1; i < lines.size(); ++i) {
      ehlo.capabilities.push_back(AsciiUpper(Trim(lines[i])));
    }
  }
  co_return ehlo;
}

Task<absl::StatusOr<SmtpReply>> SmtpClient::StartTlsCommand() {
  std::string command = "STARTTLS";
  absl::StatusOr<SmtpReply> reply = co_await Command(std::move(command));
  co_return reply;
}

Task<absl::StatusOr<SmtpReply>> SmtpClient::Authenticate(SaslExchange& exchange) {
  std::string command = Concat("AUTH ", exchange.mechanism());
  const size_t taken = command.size() + std::string_view(" \r\n").size();
  const std::optional<std::string> initial = exchange.Initial(kMaxCommandLine - taken);
  if (initial.has_value()) Append(command, " ", *initial);
  absl::StatusOr<SmtpReply> reply = co_await Command(std::move(command));
  for (int round = 0; round <= kMaxSaslRounds; ++round) {
    if (!reply.ok() || reply->code != 334)
      co_return exchange.scrubber().ScrubAnswer(std::move(reply));
    std::string line = round < kMaxSaslRounds ? exchange.Answer(reply->text) : "*";
    reply = co_await Command(std::move(line));
  }
  co_return ProtocolError("AUTH does not end");
}

Task<absl::StatusOr<SmtpReply>> SmtpClient::MailFrom(std::string sender,
                                                     std::vector<std::string> parameters) {
  absl::Status fit = CheckAddress("the sender", sender);
  if (!fit.ok()) co_return fit;
  std::string command = Concat("MAIL FROM:<", sender, ">");
  absl::StatusOr<SmtpReply> reply = co_await Envelope(std::move(command), std::move(parameters));
  co_return reply;
}

Task<absl::StatusOr<SmtpReply>> SmtpClient::Envelope(std::string command,
                                                     std::vector<std::string> parameters) {
  for (const std::string& parameter : parameters) {
    if (Injects(parameter)) co_return RefuseText("a parameter of MAIL or RCPT");
    Append(command, " ", parameter);
  }
  absl::StatusOr<SmtpReply> reply = co_await Command(std::move(command));
  co_return reply;
}

Task<absl::StatusOr<SmtpReply>> SmtpClient::RcptTo(std::string recipient) {
  std::vector<std::string> none;
  absl::StatusOr<SmtpReply> reply = co_await RcptTo(std::move(recipient), std::move(none));
  co_return reply;
}

Task<absl::StatusOr<SmtpReply>> SmtpClient::RcptTo(std::string recipient,
                                                   std::vector<std::string> parameters) {
  absl::Status fit = CheckAddress("the recipient", recipient);
  if (!fit.ok()) co_return fit;
  std::string command = Concat("RCPT TO:<", recipient, ">");
  absl::StatusOr<SmtpReply> reply = co_await Envelope(std::move(command), std::move(parameters));
  co_return reply;
}

Task<absl::StatusOr<SmtpReply>> SmtpClient::DataCommand() {
  std::string command = "DATA";
  absl::StatusOr<SmtpReply> reply = co_await Command(std::move(command));
  co_return reply;
}

Task<absl::StatusOr<SmtpReply>> SmtpClient::SendMessage(std::string message) {
  final_dot_sent_ = false;
  const std::string wire = DotStuff(message);
  for (size_t at = 0; at < wire.size(); at += kWriteChunk) {
    // A server that gives up in the middle says so and closes; writing on would lose its words.
    if (stream_.HasBuffered()) break;
    final_dot_sent_ = at + kWriteChunk >= wire.size();
    std::string chunk = wire.substr(at, kWriteChunk);
    absl::Status written = co_await stream_.Write(std::move(chunk));
    if (!written.ok()) co_return written;
  }
  absl::StatusOr<SmtpReply> reply = co_await ReadReply();
  co_return reply;
}

Task<absl::StatusOr<SmtpReply>> SmtpClient::Reset() {
  std::string command = "RSET";
  absl::StatusOr<SmtpReply> reply = co_await Command(std::move(command));
  co_return reply;
}

Task<absl::StatusOr<SmtpReply>> SmtpClient::Quit() {
  std::string command = "QUIT";
  absl::StatusOr<SmtpReply> reply = co_await Command(std::move(command));
  co_return reply;
}

}  // namespace postwatch
