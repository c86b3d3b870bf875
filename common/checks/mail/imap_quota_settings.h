// Settings of `imap.quota`.
#pragma once

#include "common/checks/mail/mailbox_settings.h"
#include "common/model/check_spec.h"

namespace postwatch {

//   mailbox: {...}            required; read by IMAP
//   warn_at: 80               percent of a limit from which it is a finding
struct ImapQuotaSettings {
  MailboxSettings mailbox;
  int warn_at = 80;
};

ImapQuotaSettings ReadImapQuotaSettings(const CheckSpec& spec, Mistakes& mistakes);

}  // namespace postwatch
