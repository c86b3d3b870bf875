// SMTP MX: whether the domain's mail servers accept connections on port 25. Never sends mail.
#pragma once

#include "agent/probes/probe.h"

namespace postwatch::agent {

// Settings: common/checks/mail/smtp_mx_settings.h.
// Every address of every MX host is tried (at most 10 hosts and 16 addresses), each within its
// share of the run's time; steps of each: connect banner ehlo starttls tls ehlo2, mail rcpt reset
// where a recipient is set, quit. The fact mx.<host>.<ip> is "ok", a failure class or "not_tested".
// What fails at one address beside others that work is a finding, IPv6 like IPv4; so is the whole
// best preference failing beside a worse one that works. The check fails when no IPv4 address works
// (IPv6, where there is no IPv4), with the fault of the best preference. An agent without IPv6 says
// nothing about the server's.
absl::StatusOr<std::unique_ptr<Probe>> MakeSmtpMx(const CheckSpec& spec, const ProbeDeps& deps);

}  // namespace postwatch::agent
