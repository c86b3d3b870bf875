#include "common/checks/mail/imap_canary_settings.h"

namespace postwatch {
namespace {

constexpr size_t kMaxFolder = 250;

}  // namespace

ImapCanarySettings ReadImapCanarySettings(const CheckSpec& spec, Mistakes& mistakes) {
  SettingsReader in(spec.settings, spec.id, mistakes);
  ImapCanarySettings settings;
  settings.mailbox = ReadMailboxOf(in, ReceiveProtocol::kImap, mistakes);
  settings.folder = in.String("folder", "INBOX");
  if (settings.folder.empty() || settings.folder.size() > kMaxFolder) {
    in.Complain("folder", "must be the name of a folder, up to 250 bytes");
  }
  in.Finish();
  return settings;
}

}  // namespace postwatch
