// Settings of `imap.access`.
#pragma once

#include "common/checks/mail/mailbox_settings.h"
#include "common/model/check_spec.h"

namespace postwatch {

//   mailbox: {...}            required; read by IMAP
struct ImapAccessSettings {
  MailboxSettings mailbox;
};

ImapAccessSettings ReadImapAccessSettings(const CheckSpec& spec, Mistakes& mistakes);

}  // namespace postwatch
