#include "common/checks/dns/dns_dkim_settings.h"

#include <algorithm>

#include "common/base/text.h"
#include "common/checks/host_settings.h"
#include "common/dns/message.h"

namespace postwatch {
namespace {

constexpr size_t kMaxSelectors = 16;

std::string SelectorMistake(const std::string& text) {
  if (ContainsIgnoreCase(text, "_domainkey")) {
    return Concat("'", text, "' is a whole name; the selector is what stands before ._domainkey");
  }
  return HostNameMistake(text).empty() ? "" : Concat("'", text, "' is not a selector");
}

}  // namespace

DnsDkimSettings ReadDnsDkimSettings(const CheckSpec& spec, Mistakes& mistakes) {
  SettingsReader in(spec.settings, spec.id, mistakes);
  DnsDkimSettings settings;
  for (const std::string& text : in.Strings("selectors", SelectorMistake)) {
    const std::string selector = CanonicalName(text);
    auto& known = settings.selectors;
    if (std::ranges::find(known, selector) == known.end()) known.push_back(selector);
  }
  if (settings.selectors.size() > kMaxSelectors) {
    in.Complain("selectors", Concat("at most ", kMaxSelectors, " selectors"));
  }
  if (spec.target.empty()) mistakes.Add("", spec.id, "needs a target domain");
  in.Finish();
  return settings;
}

}  // namespace postwatch
