// Mailbox canary: whether one message that was put into a mailbox stays there as it was.
#pragma once

#include "agent/probes/probe.h"

namespace postwatch::agent {

// Settings: common/checks/mail/imap_canary_settings.h.
// Steps: those of OpenImap, then select find [fetch] [append proof | confirm] and logout. Where
// there is no canary yet it is put there; one that this probe has seen and that is gone or changed,
// twice in a row, fails (imap_store_corruption). One that is gone is put back a day later, so that
// the incident ends. Nothing is ever deleted. Facts: canary.uid, canary.since.
absl::StatusOr<std::unique_ptr<Probe>> MakeMailboxCanary(const CheckSpec& spec,
                                                         const ProbeDeps& deps);

}  // namespace postwatch::agent
