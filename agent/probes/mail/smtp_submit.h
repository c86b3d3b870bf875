// SMTP submit: whether the provider lets our account hand in mail. Sends no message.
#pragma once

#include "agent/probes/probe.h"

namespace postwatch::agent {

// Settings: common/checks/mail/smtp_submit_settings.h.
// Steps: dns connect [tls] banner ehlo [starttls tls ehlo2] auth [mail rcpt reset] quit.
absl::StatusOr<std::unique_ptr<Probe>> MakeSmtpSubmit(const CheckSpec& spec, const ProbeDeps& deps);

}  // namespace postwatch::agent
