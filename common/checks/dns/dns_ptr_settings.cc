#include "common/checks/dns/dns_ptr_settings.h"

#include "common/base/text.h"
#include "common/net/address.h"

namespace postwatch {
namespace {

constexpr size_t kMaxSenders = 32;

std::string AddressMistake(const std::string& text) {
  return IsIpLiteral(text) ? "" : Concat("'", text, "' is not an IP address");
}

}  // namespace

DnsPtrSettings ReadDnsPtrSettings(const CheckSpec& spec, Mistakes& mistakes) {
  SettingsReader in(spec.settings, spec.id, mistakes);
  DnsPtrSettings settings;
  settings.senders = in.Strings("senders", AddressMistake);
  if (settings.senders.size() > kMaxSenders) {
    in.Complain("senders", Concat("must be ", kMaxSenders, " addresses at most"));
  }
  if (spec.target.empty()) mistakes.Add("", spec.id, "needs a target domain");
  in.Finish();
  return settings;
}

}  // namespace postwatch
