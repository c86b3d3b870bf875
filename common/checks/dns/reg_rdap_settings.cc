#include "common/checks/dns/reg_rdap_settings.h"

#include "common/base/text.h"
#include "common/checks/host_settings.h"
#include "common/dns/message.h"

namespace postwatch {
namespace {

constexpr std::string_view kIanaBootstrap = "https://data.iana.org/rdap/dns.json";
constexpr int64_t kMaxDays = 3650;

bool StartsWithScheme(const std::string& url) {
  return StartsWithIgnoreCase(url, "https://") || StartsWithIgnoreCase(url, "http://");
}

std::string ReadUrl(SettingsReader& in, std::string_view key, std::string_view fallback) {
  const std::string url = in.String(key, fallback);
  if (!url.empty() && !StartsWithScheme(url)) {
    in.Complain(key, Concat("'", url, "' is no http or https URL"));
  }
  return url;
}

}  // namespace

RegRdapSettings ReadRegRdapSettings(const CheckSpec& spec, Mistakes& mistakes) {
  SettingsReader in(spec.settings, spec.id, mistakes);
  RegRdapSettings settings;
  settings.bootstrap = ReadUrl(in, "bootstrap", kIanaBootstrap);
  settings.server = ReadUrl(in, "server", "");
  const int64_t warn = in.Integer("warn", 30, 0, kMaxDays);
  const int64_t critical = in.Integer("critical", 7, 0, kMaxDays);
  if (critical > warn) in.Complain("critical", Concat("is over warn, which is ", warn));
  settings.warn = absl::Hours(24 * warn);
  settings.critical = absl::Hours(24 * critical);
  settings.expect_registrar = in.String("expect_registrar", "");
  for (const std::string& host : in.Strings("expect_nameservers", HostNameMistake)) {
    settings.expect_nameservers.insert(CanonicalName(host));
  }
  settings.require_lock = in.Bool("require_lock", false);
  settings.allow_insecure = in.Choice("insecure", "refuse", {"refuse", "allow"}) == "allow";
  if (spec.target.empty()) mistakes.Add("", spec.id, "needs a target domain");
  in.Finish();
  return settings;
}

}  // namespace postwatch
