#include "common/checks/dns/dns_mx_settings.h"

#include "common/checks/host_settings.h"
#include "common/dns/message.h"

namespace postwatch {

DnsMxSettings ReadDnsMxSettings(const CheckSpec& spec, Mistakes& mistakes) {
  SettingsReader in(spec.settings, spec.id, mistakes);
  DnsMxSettings settings;
  for (const std::string& host : in.Strings("expect", HostNameMistake)) {
    settings.expect.insert(CanonicalName(host));
  }
  settings.allow_private = in.Choice("private", "report", {"report", "allow"}) == "allow";
  if (spec.target.empty()) mistakes.Add("", spec.id, "needs a target domain");
  in.Finish();
  return settings;
}

}  // namespace postwatch
