#include "common/checks/mail/imap_access_settings.h"

namespace postwatch {

ImapAccessSettings ReadImapAccessSettings(const CheckSpec& spec, Mistakes& mistakes) {
  SettingsReader in(spec.settings, spec.id, mistakes);
  ImapAccessSettings settings;
  settings.mailbox = ReadMailboxOf(in, ReceiveProtocol::kImap, mistakes);
  in.Finish();
  return settings;
}

}  // namespace postwatch
