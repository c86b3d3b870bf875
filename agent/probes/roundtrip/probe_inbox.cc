#include "agent/probes/roundtrip/probe_inbox.h"

#include "agent/probes/roundtrip/imap_probe_inbox.h"
#include "agent/probes/roundtrip/pop3_probe_inbox.h"

namespace postwatch::agent {

std::unique_ptr<ProbeInbox> MakeProbeInbox(const RunContext& context,
                                           const MailboxSettings& mailbox, const Secret& fleet_key,
                                           InboxMemory& memory, bool any_new) {
  if (mailbox.receive_by == ReceiveProtocol::kPop3) {
    return std::make_unique<Pop3ProbeInbox>(context, mailbox, fleet_key, memory, any_new);
  }
  return std::make_unique<ImapProbeInbox>(context, mailbox, fleet_key, memory, any_new);
}

}  // namespace postwatch::agent
