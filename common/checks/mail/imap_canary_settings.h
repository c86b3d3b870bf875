// Settings of `imap.canary`.
#pragma once

#include <string>

#include "common/checks/mail/mailbox_settings.h"
#include "common/model/check_spec.h"

namespace postwatch {

//   mailbox: {...}            required; read by IMAP
//   folder: INBOX             where the canary lies
struct ImapCanarySettings {
  MailboxSettings mailbox;
  std::string folder;
};

ImapCanarySettings ReadImapCanarySettings(const CheckSpec& spec, Mistakes& mistakes);

}  // namespace postwatch
