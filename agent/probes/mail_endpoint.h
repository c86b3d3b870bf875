// Mail endpoint: the `mailbox:` settings every probe with credentials shares, and where its servers
// are.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "agent/probes/mail_dns.h"
#include "common/base/secret.h"
#include "common/model/settings.h"

namespace postwatch::agent {

enum class Security { kStartTls, kTls, kPlain };

// What the configuration says about one server; what it leaves out is found in the DNS.
struct ServerChoice {
  std::string host;                  // name or IP literal; empty = look it up
  uint16_t port = 0;                 // 0 = by security
  std::optional<Security> security;  // nothing = by port
};

struct MailboxSettings {
  std::string address;
  std::string username;  // default: the address
  SecretReference password;
  std::vector<std::string> aliases;  // further addresses that end in this mailbox
  ServerChoice submission;
  ServerChoice receive;  // IMAP
  bool deliver_via_mx = false;

  bool Receives(std::string_view recipient) const;
};

// The part behind the last '@', lower case; "" when there is none.
std::string DomainOf(std::string_view address);

// Reads the shape of `mailbox:`. A null `settings` (the key is absent) is a mistake.
MailboxSettings ReadMailbox(const Settings* settings, const std::string& path, Mistakes& mistakes);

enum class MailService { kSubmission, kImap };

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
