#include "common/checks/mail/smtp_mx_settings.h"

#include "common/checks/host_settings.h"
#include "common/checks/mail/address_settings.h"

namespace postwatch {

SmtpMxSettings ReadSmtpMxSettings(const CheckSpec& spec, Mistakes& mistakes) {
  SettingsReader in(spec.settings, spec.id, mistakes);
  SmtpMxSettings settings;
  settings.host = ReadHost(in, "host");
  settings.require_tls = in.Bool("require_tls", false);
  settings.tls_floor = in.Choice("tls_floor", "1.2", {"1.2", "1.3"});
  settings.allow_private = in.Choice("private", "report", {"report", "allow"}) == "allow";
  settings.rcpt = ReadAddressAt(in, "rcpt", spec.target);
  settings.sender = in.String("sender", "");
  if (!settings.sender.empty()) {
    const std::string wrong = AddressMistake(settings.sender);
    if (!wrong.empty()) in.Complain("sender", wrong);
  }
  settings.roles = in.Bool("roles", false);
  if (spec.target.empty()) mistakes.Add("", spec.id, "needs a target domain");
  in.Finish();
  return settings;
}

}  // namespace postwatch
