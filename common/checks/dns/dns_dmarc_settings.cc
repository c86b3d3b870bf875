#include "common/checks/dns/dns_dmarc_settings.h"

namespace postwatch {

DnsDmarcSettings ReadDnsDmarcSettings(const CheckSpec& spec, Mistakes& mistakes) {
  SettingsReader in(spec.settings, spec.id, mistakes);
  DnsDmarcSettings settings;
  settings.expect_policy = in.Choice("expect_policy", "", {"none", "quarantine", "reject"});
  if (spec.target.empty()) mistakes.Add("", spec.id, "needs a target domain");
  in.Finish();
  return settings;
}

}  // namespace postwatch
