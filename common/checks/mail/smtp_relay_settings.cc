#include "common/checks/mail/smtp_relay_settings.h"

#include "common/base/text.h"
#include "common/checks/host_settings.h"
#include "common/checks/mail/address_settings.h"

namespace postwatch {

SmtpRelaySettings ReadSmtpRelaySettings(const CheckSpec& spec, Mistakes& mistakes) {
  SettingsReader in(spec.settings, spec.id, mistakes);
  SmtpRelaySettings settings;
  ReadOwn(in);
  settings.host = ReadHost(in, "host");
  settings.sender = in.String("sender", Concat("postwatch-relay-test@", spec.target));
  const std::string wrong = AddressMistake(settings.sender);
  if (!wrong.empty()) in.Complain("sender", wrong);
  settings.allow_private = in.Choice("private", "report", {"report", "allow"}) == "allow";
  if (spec.target.empty()) mistakes.Add("", spec.id, "needs a target domain");
  in.Finish();
  return settings;
}

}  // namespace postwatch
