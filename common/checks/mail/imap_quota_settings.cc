#include "common/checks/mail/imap_quota_settings.h"

namespace postwatch {

ImapQuotaSettings ReadImapQuotaSettings(const CheckSpec& spec, Mistakes& mistakes) {
  SettingsReader in(spec.settings, spec.id, mistakes);
  ImapQuotaSettings settings;
  settings.mailbox = ReadMailboxOf(in, ReceiveProtocol::kImap, mistakes);
  settings.warn_at = static_cast<int>(in.Integer("warn_at", 80, 1, 99));
  in.Finish();
  return settings;
}

}  // namespace postwatch
