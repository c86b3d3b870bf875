// Roundtrip: sends a letter to a mailbox of our own and waits for it there. The proof that mail
// works.
#pragma once

#include "agent/probes/probe.h"

namespace postwatch::agent {

// Settings: common/checks/mail/roundtrip_settings.h.
// Steps: the way to the receiving INBOX (dns ... login select scan), the way to the sending server
// (dns ... auth mail rcpt data final quit), delivery fetch expunge logout.
// When the letter is missing, the spam folder is looked at, and the sender's INBOX for a bounce.
// The receiving side comes first, so that its failure is never taken for a lost letter. A letter
// found after its run had ended amends that run's observation. Facts: delivery.seconds, queue.id,
// integrity.
absl::StatusOr<std::unique_ptr<Probe>> MakeRoundtrip(const CheckSpec& spec, const ProbeDeps& deps);

}  // namespace postwatch::agent
