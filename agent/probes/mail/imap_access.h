// IMAP access: whether the provider lets our account read its mail. Changes nothing.
#pragma once

#include "agent/probes/probe.h"

namespace postwatch::agent {

// Settings: common/checks/mail/imap_access_settings.h.
// Steps: dns connect [tls] greeting [starttls tls capability] login select noop logout. INBOX is
// opened with EXAMINE. Fact: mailbox.exists.
absl::StatusOr<std::unique_ptr<Probe>> MakeImapAccess(const CheckSpec& spec, const ProbeDeps& deps);

}  // namespace postwatch::agent
