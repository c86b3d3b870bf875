// Roundtrip: sends a letter to a mailbox of our own and waits for it there. The proof that mail
// works.
#pragma once

#include "agent/probes/probe.h"

namespace postwatch::agent {

// Settings:
//   mailbox: {...}            required; who sends; see mail_endpoint.h. Its deliver_via: mx hands
//                             the letter straight to the recipient domain's MX, without a login
//   receive_from: {...}       the mailbox where it arrives; default: mailbox
//   to: address               default: the address of receive_from. Must be that, or one of its
//                             aliases: nobody else ever gets a letter
//   route: name               marks the letters; default: roundtrip
//   delivery_deadline: 25s    from the start of the run; default: the timeout less 5 s
//   slow_after: 60s           a letter that takes longer is a finding (delivered_slow)
// Steps: the way to the receiving INBOX (dns ... login select scan), the way to the sending server
// (dns ... auth mail rcpt data final quit), delivery fetch expunge logout.
// When the letter is missing, the spam folder is looked at, and the sender's INBOX for a bounce.
// The receiving side comes first, so that its failure is never taken for a lost letter. A letter
// found after its run had ended amends that run's observation. Facts: delivery.seconds, queue.id,
// integrity.
absl::StatusOr<std::unique_ptr<Probe>> MakeRoundtrip(const CheckSpec& spec, const ProbeDeps& deps);

}  // namespace postwatch::agent
