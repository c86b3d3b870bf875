// IMAP quota: how full a mailbox is, and when it will be. Changes nothing.
#pragma once

#include "agent/probes/probe.h"

namespace postwatch::agent {

// Settings: common/checks/mail/imap_quota_settings.h.
// Steps: those of OpenImap, then quota and logout. Fails at a limit (imap_overquota); from
// `warn_at` percent on a finding (imap_quota_warn). Not tested where the server does not tell.
// Facts: quota.<resource>.used, .limit and .percent (storage in bytes), quota.limits (how
// many), quota.full_in ("3d", at the rate of the last days).
absl::StatusOr<std::unique_ptr<Probe>> MakeImapQuota(const CheckSpec& spec, const ProbeDeps& deps);

}  // namespace postwatch::agent
