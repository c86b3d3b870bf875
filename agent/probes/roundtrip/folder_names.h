// FolderNames: where a mailbox keeps what is not in its INBOX.
#pragma once

#include <string>
#include <vector>

#include "agent/probes/roundtrip/probe_inbox.h"
#include "common/mail/imap_client.h"

namespace postwatch::agent {

// The folders that may play a role, best first and each once: those that the server marks for it
// (RFC 6154), then names that servers and programs commonly give them, which may not exist. For the
// INBOX its own name only.
std::vector<std::string> FoldersToTry(FolderRole role, const std::vector<ImapFolder>& marked);

// Where a deleted message goes at Gmail, by the names that it has there.
std::vector<std::string> GmailTrashes(const std::vector<ImapFolder>& marked);

}  // namespace postwatch::agent
