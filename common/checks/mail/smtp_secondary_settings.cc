#include "common/checks/mail/smtp_secondary_settings.h"

#include "common/checks/mail/address_settings.h"

namespace postwatch {

SmtpSecondarySettings ReadSmtpSecondarySettings(const CheckSpec& spec, Mistakes& mistakes) {
  SettingsReader in(spec.settings, spec.id, mistakes);
  SmtpSecondarySettings settings;
  ReadOwn(in);
  settings.rcpt = ReadAddressAt(in, "rcpt", spec.target);
  if (!in.Has("rcpt")) in.Complain("rcpt", "is missing: a mailbox that every server must take");
  settings.sender = in.String("sender", "");
  if (!settings.sender.empty()) {
    const std::string wrong = AddressMistake(settings.sender);
    if (!wrong.empty()) in.Complain("sender", wrong);
  }
  settings.allow_private = in.Choice("private", "report", {"report", "allow"}) == "allow";
  if (spec.target.empty()) mistakes.Add("", spec.id, "needs a target domain");
  in.Finish();
  return settings;
}

}  // namespace postwatch
