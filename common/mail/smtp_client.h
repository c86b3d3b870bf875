// SmtpClient: SMTP commands and replies on a stream (RFC 5321). No policy, no retries.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/mail/sasl.h"
#include "common/mail/smtp_reply.h"
#include "common/net/stream.h"
#include "common/net/task.h"

namespace postwatch {

struct EhloReply {
  SmtpReply reply;
  bool helo_fallback = false;
  std::vector<std::string> capabilities;            // upper-case keyword and parameters, one a line
  bool Has(std::string_view keyword) const;         // "STARTTLS"
  std::vector<std::string> AuthMechanisms() const;  // of "AUTH ..." and the legacy "AUTH=..."
  size_t MaxMessageSize() const;  // octets, of "SIZE ..." (RFC 1870); 0 = no limit is told
};

// Speaks over a stream it does not own. Every method returns the server's reply as a value; an
// error status means the connection or the protocol broke: a NetStatus, or InvalidArgument
// ("smtp protocol: ...") for a reply that is none (mixed codes, over 100 lines, line over 4 KiB) or
// that came before its command; a 421 is taken at any time (RFC 5321 section 3.8).
// Never pipelines, never speaks before the banner. Text that would inject a command (CR, LF, NUL)
// is refused with InvalidArgument before anything is sent.
class SmtpClient {
 public:
  explicit SmtpClient(Stream& stream) : stream_(stream) {}

  Task<absl::StatusOr<SmtpReply>> ReadBanner();
  // EHLO; on 5xx falls back to HELO (for diagnosis). Forgets earlier capabilities.
  Task<absl::StatusOr<EhloReply>> Ehlo(std::string client_name);
  // The STARTTLS command only; after a 220 the caller upgrades the stream and says EHLO again.
  Task<absl::StatusOr<SmtpReply>> StartTlsCommand();
  // AUTH, with the initial response where it fits (RFC 4954). The reply never holds the secret.
  Task<absl::StatusOr<SmtpReply>> Authenticate(SaslExchange& exchange);
  // MAIL FROM:<sender> with the given parameters ("SIZE=1234", "BODY=8BITMIME"); sender may be "".
  Task<absl::StatusOr<SmtpReply>> MailFrom(std::string sender, std::vector<std::string> parameters);
  Task<absl::StatusOr<SmtpReply>> RcptTo(std::string recipient);
  // The same with parameters ("NOTIFY=FAILURE").
  Task<absl::StatusOr<SmtpReply>> RcptTo(std::string recipient,
                                         std::vector<std::string> parameters);
  Task<absl::StatusOr<SmtpReply>> DataCommand();
  // Sends the message (any line ends; made CRLF, dot-stuffed, ended by CRLF.CRLF), reads the final
  // reply.
  Task<absl::StatusOr<SmtpReply>> SendMessage(std::string message);
  // Whether SendMessage got as far as writing the final dot. A connection lost after that may have
  // delivered the message (RFC 1047); one lost before has not.
  bool final_dot_sent() const { return final_dot_sent_; }
  Task<absl::StatusOr<SmtpReply>> Reset();
  Task<absl::StatusOr<SmtpReply>> Quit();

 private:
  Task<absl::StatusOr<SmtpReplyParser>> ReadLines();
  Task<absl::StatusOr<SmtpReply>> ReadReply();
  Task<absl::StatusOr<SmtpReplyParser>> Say(std::string line);
  Task<absl::StatusOr<SmtpReply>> Command(std::string line);
  Task<absl::StatusOr<SmtpReply>> Envelope(std::string command,
                                           std::vector<std::string> parameters);

  Stream& stream_;
  bool final_dot_sent_ = false;
};

}  // namespace postwatch
