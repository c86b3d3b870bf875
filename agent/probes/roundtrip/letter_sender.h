// LetterSender: hands one letter to a server, and knows whether it may be on its way.
#pragma once

#include <optional>
#include <string>

#include "agent/probes/mail/mail_session.h"
#include "common/checks/mail/roundtrip_settings.h"
#include "common/mail/probe_token.h"

namespace postwatch::agent {

struct SentLetter {
  ProbeToken token;
  bool recorded = false;        // in the ledger and not settled: it may be on its way
  bool accept_unknown = false;  // the answer to it was lost (RFC 1047): only the mailbox can tell
  absl::Duration handed_over;   // steady
  absl::Time handed_over_at;
};

// The way to the server that the settings name, steps `dns` to `final`, and `quit`. Never sends a
// letter that the ledger does not know, never sends one twice. `give_up`, steady, is when nobody
// waits for the letter any more: half of what is left until then is granted to the server's answer.
Task<std::optional<Fault>> SendLetter(const RunContext& context, const RoundtripSettings& settings,
                                      const Secret& fleet_key, absl::Duration give_up,
                                      SentLetter& letter);

}  // namespace postwatch::agent
