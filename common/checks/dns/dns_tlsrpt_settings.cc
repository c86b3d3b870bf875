#include "common/checks/dns/dns_tlsrpt_settings.h"

namespace postwatch {

DnsTlsrptSettings ReadDnsTlsrptSettings(const CheckSpec& spec, Mistakes& mistakes) {
  SettingsReader in(spec.settings, spec.id, mistakes);
  if (spec.target.empty()) mistakes.Add("", spec.id, "needs a target domain");
  in.Finish();
  return {};
}

}  // namespace postwatch
