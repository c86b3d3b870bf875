// Pop3 session: the one way in which probes connect to a POP3 server and log in.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "agent/probes/mail/mail_session.h"
#include "common/mail/pop3_client.h"
#include "common/mail/pop3_rules.h"

namespace postwatch::agent {

struct Pop3Session {
  std::unique_ptr<Stream> stream;
  std::unique_ptr<Pop3Client> client;
};

// The whole way to a POP3 server: steps `dns`, `connect`, [`tls`], `banner`, `capa`, [`stls`,
// `tls`, `capa`] and `auth`. The password is sent only over verified TLS, unless the mailbox says
// `security: plain`. End each session with Quit, or the server may hold the maildrop for minutes.
Task<std::optional<Fault>> OpenPop3(const RunContext& context, const MailboxSettings& mailbox,
                                    Pop3Session& session);

// Fault of a command: what broke (status) or what the server said; nothing for success.
std::optional<Fault> Pop3Fault(const RunContext& context, Pop3Stage stage, const Stream* stream,
                               const absl::StatusOr<Pop3Status>& status);
// The same for an answer that carries its status (Pop3Maildrop, Pop3Listing, Pop3Message).
template <class Answer>
std::optional<Fault> Pop3Fault(const RunContext& context, Pop3Stage stage, const Stream* stream,
                               const absl::StatusOr<Answer>& answer) {
  absl::StatusOr<Pop3Status> status = absl::UnknownError("");
  if (answer.ok()) status = answer->status;
  if (!answer.ok()) status = answer.status();
  return Pop3Fault(context, stage, stream, status);
}

}  // namespace postwatch::agent
