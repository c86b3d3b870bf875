// Settings of `smtp.submit`.
#pragma once

#include "common/checks/mail/mailbox_settings.h"
#include "common/model/check_spec.h"

namespace postwatch {

//   mailbox: {...}            required
//   envelope: true            also MAIL FROM and RCPT TO the own address, then RSET: shows a
//                             submission path that refuses mail after the login
struct SmtpSubmitSettings {
  MailboxSettings mailbox;
  bool envelope = true;
};

SmtpSubmitSettings ReadSmtpSubmitSettings(const CheckSpec& spec, Mistakes& mistakes);

}  // namespace postwatch
