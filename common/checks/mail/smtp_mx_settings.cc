#include "common/checks/mail/smtp_mx_settings.h"

#include "common/checks/host_settings.h"

namespace postwatch {

SmtpMxSettings ReadSmtpMxSettings(const CheckSpec& spec, Mistakes& mistakes) {
  SettingsReader in(spec.settings, spec.id, mistakes);
  SmtpMxSettings settings;
  settings.host = ReadHost(in, "host");
  settings.require_tls = in.Bool("require_tls", false);
  settings.allow_private = in.Choice("private", "report", {"report", "allow"}) == "allow";
  if (spec.target.empty()) mistakes.Add("", spec.id, "needs a target domain");
  in.Finish();
  return settings;
}

}  // namespace postwatch
