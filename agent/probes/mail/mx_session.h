// MX session: opens a session with a domain's mail server, as a sending server would.
#pragma once

#include <optional>
#include <string>

#include "agent/probes/mail/mail_session.h"

namespace postwatch::agent {

// Looks up the MX hosts and opens a session with the first that takes one (RFC 5321 section 5.1),
// under TLS where offered, verified or not (RFC 7672 section 2.2). No login. A host that fails
// beside one that works is a finding. Touches mx:<host>.
Task<std::optional<Fault>> OpenMx(const RunContext& context, std::string domain,
                                  SmtpSession& session);

}  // namespace postwatch::agent
