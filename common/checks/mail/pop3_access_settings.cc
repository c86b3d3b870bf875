#include "common/checks/mail/pop3_access_settings.h"

namespace postwatch {

Pop3AccessSettings ReadPop3AccessSettings(const CheckSpec& spec, Mistakes& mistakes) {
  SettingsReader in(spec.settings, spec.id, mistakes);
  Pop3AccessSettings settings;
  settings.mailbox = ReadMailboxOf(in, ReceiveProtocol::kPop3, mistakes);
  in.Finish();
  return settings;
}

}  // namespace postwatch
