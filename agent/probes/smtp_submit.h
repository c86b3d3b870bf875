// SMTP submit: whether the provider lets our account hand in mail. Sends no message.
#pragma once

#include "agent/probes/probe.h"

namespace postwatch::agent {

// Settings:
//   mailbox: {...}            required; see mail_endpoint.h
//   envelope: true            also MAIL FROM and RCPT TO the own address, then RSET: shows a
//                             submission path that refuses mail after the login
// Steps: dns connect [tls] banner ehlo [starttls tls ehlo2] auth [mail rcpt reset] quit.
absl::StatusOr<std::unique_ptr<Probe>> MakeSmtpSubmit(const CheckSpec& spec, const ProbeDeps& deps);

}  // namespace postwatch::agent
