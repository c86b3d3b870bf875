#include "common/checks/dns/dns_caa_settings.h"

#include "common/base/text.h"
#include "common/checks/host_settings.h"
#include "common/dns/message.h"

namespace postwatch {
namespace {

constexpr size_t kMaxHosts = 16;

}  // namespace

DnsCaaSettings ReadDnsCaaSettings(const CheckSpec& spec, Mistakes& mistakes) {
  SettingsReader in(spec.settings, spec.id, mistakes);
  DnsCaaSettings settings;
  settings.issuer = in.String("issuer", "");
  const std::string mistake = settings.issuer.empty() ? "" : HostNameMistake(settings.issuer);
  if (!mistake.empty()) in.Complain("issuer", mistake);
  for (const std::string& host : in.Strings("hosts", HostNameMistake)) {
    settings.hosts.push_back(CanonicalName(host));
  }
  if (settings.hosts.size() > kMaxHosts) in.Complain("hosts", Concat("at most ", kMaxHosts));
  if (spec.target.empty()) mistakes.Add("", spec.id, "needs a target domain");
  in.Finish();
  return settings;
}

}  // namespace postwatch
