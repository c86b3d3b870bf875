#include "common/checks/dns/dns_spf_settings.h"

#include "common/base/text.h"
#include "common/checks/host_settings.h"

namespace postwatch {
namespace {

constexpr size_t kMaxSenders = 16;

}  // namespace

DnsSpfSettings ReadDnsSpfSettings(const CheckSpec& spec, Mistakes& mistakes) {
  SettingsReader in(spec.settings, spec.id, mistakes);
  DnsSpfSettings settings;
  settings.senders = in.Strings("senders", IpMistake);
  if (settings.senders.size() > kMaxSenders) {
    in.Complain("senders", Concat("at most ", kMaxSenders, " addresses"));
  }
  settings.require = in.Bool("require", false);
  if (spec.target.empty()) mistakes.Add("", spec.id, "needs a target domain");
  in.Finish();
  return settings;
}

}  // namespace postwatch
