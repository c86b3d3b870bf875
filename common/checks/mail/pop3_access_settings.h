// Settings of `pop3.access`.
#pragma once

#include "common/checks/mail/mailbox_settings.h"
#include "common/model/check_spec.h"

namespace postwatch {

//   mailbox: {...}            required; read by POP3
struct Pop3AccessSettings {
  MailboxSettings mailbox;
};

Pop3AccessSettings ReadPop3AccessSettings(const CheckSpec& spec, Mistakes& mistakes);

}  // namespace postwatch
