#include "common/checks/mail/smtp_submit_settings.h"

namespace postwatch {

SmtpSubmitSettings ReadSmtpSubmitSettings(const CheckSpec& spec, Mistakes& mistakes) {
  SettingsReader in(spec.settings, spec.id, mistakes);
  SmtpSubmitSettings settings;
  settings.mailbox = ReadMailbox(in, "mailbox", mistakes);
  settings.envelope = in.Bool("envelope", true);
  in.Finish();
  return settings;
}

}  // namespace postwatch
