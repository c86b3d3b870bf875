// Mail session: the one way in which probes connect, start TLS and log in.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/probes/mail/mail_endpoint.h"
#include "common/mail/imap_client.h"
#include "common/mail/smtp_client.h"

namespace postwatch::agent {

struct SmtpSession {
  std::unique_ptr<Stream> stream;
  std::unique_ptr<SmtpClient> client;
  EhloReply ehlo;
};

struct ImapSession {
  std::unique_ptr<Stream> stream;
  std::unique_ptr<ImapClient> client;
};

// Every function below begins and touches as it goes, so that a failure has touched just what it
// depended on, and returns nothing when it worked. Faults are not recorded; the caller decides.

// Step `connect`: tries the addresses in order until one answers. Touches svc:<provider>/<service>,
// provider:<provider> and the site that answered (all sites when none did; one that failed beside
// another that answered becomes a finding).
Task<std::optional<Fault>> Connect(const RunContext& context, std::string_view service,
                                   const HostAddresses& addresses, uint16_t port,
                                   std::unique_ptr<Stream>& stream);

// Step `tls`: the handshake. Touches cert:<host>; records the facts, verified or not.
Task<std::optional<Fault>> SecureStream(const RunContext& context, Stream& stream, std::string host,
                                        bool require_verified);

// Steps `dns` and `connect`, and `tls` where it comes first: the way to one server of a mailbox,
// over the family it names. With `both`, an IPv6 address that takes no connection is a finding.
Task<std::optional<Fault>> ReachServer(const RunContext& context, MailService service,
                                       const MailboxSettings& mailbox, Server& server,
                                       std::unique_ptr<Stream>& stream);

// Steps `banner` and `ehlo`. One that takes over 10 s is a finding (smtp_tarpitted).
Task<std::optional<Fault>> GreetSmtp(const RunContext& context, SmtpSession& session);

// Steps `starttls`, `tls` and `ehlo2`. tls_not_offered when EHLO did not list STARTTLS. Unless
// `require_verified`, a certificate that does not verify is a finding.
Task<std::optional<Fault>> UpgradeSmtp(const RunContext& context, SmtpSession& session,
                                       std::string host, bool require_verified);

// The whole way to a submission server, steps `dns` to `auth`. The password is sent only over
// verified TLS, unless the mailbox says `security: plain`.
Task<std::optional<Fault>> OpenSubmission(const RunContext& context, const MailboxSettings& mailbox,
                                          SmtpSession& session);

// The whole way to an IMAP server, steps `dns` to `login`, with the same rule.
Task<std::optional<Fault>> OpenImap(const RunContext& context, const MailboxSettings& mailbox,
                                    ImapSession& session);

// Faults of a command: what broke (status) or what the server said; nothing for success.
std::optional<Fault> SmtpFault(const RunContext& context, SmtpStage stage, const Stream* stream,
                               const absl::StatusOr<SmtpReply>& reply);
std::optional<Fault> ImapFault(const RunContext& context, ImapStage stage, const Stream* stream,
                               const absl::StatusOr<ImapStatus>& status);
// The same for an answer that carries its status (ImapMailbox, ImapFetch).
template <class Answer>
std::optional<Fault> ImapFault(const RunContext& context, ImapStage stage, const Stream* stream,
                               const absl::StatusOr<Answer>& answer) {
  absl::StatusOr<ImapStatus> status = absl::UnknownError("");
  if (answer.ok()) status = answer->status;
  if (!answer.ok()) status = answer.status();
  return ImapFault(context, stage, stream, status);
}

struct Envelope {
  std::string sender, recipient;
  std::vector<std::string> mail_parameters, rcpt_parameters;  // as RFC 5321 section 4.1.2 has them
};

// Steps `mail` and `rcpt` of one envelope. An answer that takes over 10 s is a finding
// (smtp_tarpitted).
Task<std::optional<Fault>> SendEnvelope(const RunContext& context, SmtpSession& session,
                                        Envelope envelope);

}  // namespace postwatch::agent
