#include "common/checks/dns/dns_tlsa_settings.h"

namespace postwatch {

DnsTlsaSettings ReadDnsTlsaSettings(const CheckSpec& spec, Mistakes& mistakes) {
  SettingsReader in(spec.settings, spec.id, mistakes);
  DnsTlsaSettings settings;
  settings.allow_private = in.Choice("private", "report", {"report", "allow"}) == "allow";
  if (spec.target.empty()) mistakes.Add("", spec.id, "needs a target domain");
  in.Finish();
  return settings;
}

}  // namespace postwatch
