// SMTP relay: whether a mail server of ours takes mail of strangers for strangers. Never sends
// mail.
#pragma once

#include "agent/probes/probe.h"

namespace postwatch::agent {

// Settings: common/checks/mail/smtp_relay_settings.h.
// At the first address of each MX host that answers: MAIL FROM, RCPT TO an address at example.net
// (RFC 2606: nobody's), RSET, QUIT; never DATA. A 2xx to the recipient fails with smtp_open_relay.
// Any refusal is good; a host that cannot be reached is a finding, and when none can the check is
// not tested, since smtp.mx says so. Fact relay.<host>.<ip>: "refused <code>", "open" or a class.
absl::StatusOr<std::unique_ptr<Probe>> MakeSmtpRelay(const CheckSpec& spec, const ProbeDeps& deps);

}  // namespace postwatch::agent
