// SMTP secondary: whether the mail servers kept for emergencies could take over. Never sends mail.
#pragma once

#include "agent/probes/probe.h"

namespace postwatch::agent {

// Settings: common/checks/mail/smtp_secondary_settings.h.
// Each MX host is asked for the known mailbox and for one that cannot exist, at its first address
// that answers; RSET, QUIT, never DATA. Those not of the best preference are then held against the
// first of the best that answered. smtp_secondary_unready, a finding each, for one that does not
// answer; offers no STARTTLS, a certificate that does not verify, a smaller SIZE, no 8BITMIME or no
// SMTPUTF8 where the primary is better; refuses the known mailbox; takes the unknown one where
// the primary refuses it (it would bounce spam to strangers later: backscatter); is an alias; is
// in the network of the primary; is not in the MTA-STS policy; or has no confirmed name or TLSA
// record where the primary has. Not tested where
// the domain has no secondary. Fact secondary.<host>: "ready" or what is amiss.
absl::StatusOr<std::unique_ptr<Probe>> MakeSmtpSecondary(const CheckSpec& spec,
                                                         const ProbeDeps& deps);

}  // namespace postwatch::agent
