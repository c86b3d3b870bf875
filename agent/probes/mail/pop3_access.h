// POP3 access: whether the provider lets our account see its mail by POP3. Changes nothing.
#pragma once

#include "agent/probes/probe.h"

namespace postwatch::agent {

// Settings: common/checks/mail/pop3_access_settings.h.
// Steps: dns connect [tls] banner capa [stls tls capa] auth stat uidl quit. Facts: mailbox.exists,
// mailbox.bytes, pop3.login_delay (seconds, where the server tells it).
absl::StatusOr<std::unique_ptr<Probe>> MakePop3Access(const CheckSpec& spec, const ProbeDeps& deps);

}  // namespace postwatch::agent
