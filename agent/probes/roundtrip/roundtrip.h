// Roundtrip: sends a letter to a mailbox of our own and waits for it there. The proof that mail
// works.
#pragma once

#include "agent/probes/probe.h"

namespace postwatch::agent {

// Settings: common/checks/mail/roundtrip_settings.h.
// Steps: the way to the receiving INBOX (dns ... login select scan, or over POP3 dns ... auth
// scan), the way to the sending server (dns ... auth mail rcpt data final quit), delivery fetch
// expunge logout proof. The receiving side comes first, so that its failure is never taken for a
// lost letter; the proof is a fresh session that no longer shows the letter. When the letter is
// missing, the spam folder is looked at, and the sender's INBOX for a bounce or for the letter
// itself. A letter found after its run had ended amends that run's observation, as does a bounce,
// and the lost horizon when neither came. A janitor visits every folder at the start and every 6
// hours; it is on no record. Where a letter is found that was not announced to the session that
// waited (IDLE), that is imap_idle_stalled. Facts: see JudgeLetter; also queue.id, mailbox.exists,
// letter.octets of a large one, ignored.automatic, ignored.replies and ignored.unverified.
absl::StatusOr<std::unique_ptr<Probe>> MakeRoundtrip(const CheckSpec& spec, const ProbeDeps& deps);

}  // namespace postwatch::agent
