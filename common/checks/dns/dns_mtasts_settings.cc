#include "common/checks/dns/dns_mtasts_settings.h"

namespace postwatch {

DnsMtaStsSettings ReadDnsMtaStsSettings(const CheckSpec& spec, Mistakes& mistakes) {
  SettingsReader in(spec.settings, spec.id, mistakes);
  DnsMtaStsSettings settings;
  settings.https_port = static_cast<uint16_t>(in.Integer("https_port", 443, 1, 65535));
  if (spec.target.empty()) mistakes.Add("", spec.id, "needs a target domain");
  in.Finish();
  return settings;
}

}  // namespace postwatch
