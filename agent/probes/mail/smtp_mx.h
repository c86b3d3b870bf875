// SMTP MX: whether the domain's mail servers accept connections on port 25. Never sends mail.
#pragma once

#include "agent/probes/probe.h"

namespace postwatch::agent {

// Settings: common/checks/mail/smtp_mx_settings.h.
// Steps of each host: dns connect banner ehlo starttls tls ehlo2 quit. A host fails when none of
// its IPv4 addresses works (IPv6, where there is no IPv4). The check fails when every host does,
// with the last host's failure; else a failing host is a finding. Its first IPv6 address is tried
// beside the IPv4 ones and can only be a finding.
absl::StatusOr<std::unique_ptr<Probe>> MakeSmtpMx(const CheckSpec& spec, const ProbeDeps& deps);

}  // namespace postwatch::agent
