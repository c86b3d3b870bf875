// Mail endpoint: where the servers of a mailbox are.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "agent/probes/dns/mail_dns.h"
#include "common/checks/mail/mailbox_settings.h"

namespace postwatch::agent {

// The part behind the last '@', lower case; "" when there is none.
std::string DomainOf(std::string_view address);

enum class MailService { kSubmission, kImap, kPop3 };
// As components and people call it: "submission", "imap", "pop3".
std::string_view MailServiceName(MailService service);

// What the mailbox says about the server of that service.
const ServerChoice& ServerChoiceOf(MailService service, const MailboxSettings& mailbox);

// Where to connect, complete.
struct Server {
  std::string host;
  uint16_t port = 0;
  Security security = Security::kTls;
};

// Fills in what `choice` leaves open: the domain's SRV records (RFC 6186, RFC 8314), then common
// names and MX hosts, whichever has an address first. Only names inside the mailbox's own domain
// are taken from the DNS: a forged answer must not lead a password elsewhere (RFC 6186 section 6).
// The fault is unspecified (not tested) when the domain has no such name.
Task<std::optional<Fault>> LocateServer(const RunContext& context, MailService service,
                                        const MailboxSettings& mailbox, Server& server);

}  // namespace postwatch::agent
