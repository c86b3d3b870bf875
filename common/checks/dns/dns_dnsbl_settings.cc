#include "common/checks/dns/dns_dnsbl_settings.h"

#include <algorithm>

#include "common/base/text.h"
#include "common/checks/host_settings.h"
#include "common/dns/message.h"
#include "common/domain/blocklist.h"

namespace postwatch {
namespace {

constexpr size_t kMaxLists = 16;
constexpr size_t kMaxCodes = 64;
constexpr size_t kMaxAddresses = 32;
constexpr size_t kMaxDomains = 16;

void ReadCodes(SettingsReader& in, DnsDnsblSettings::List& list) {
  const Settings* codes = in.Child("codes");
  if (codes == nullptr) return;
  if (codes->kind() != Settings::Kind::kMap || codes->entries().size() > kMaxCodes) {
    in.Complain("codes", Concat("must be a map of at most ", kMaxCodes, " codes"));
    return;
  }
  for (const auto& [code, meaning] : codes->entries()) {
    if (!IsBlocklistCode(code) || meaning.scalar().empty()) {
      in.Complain("codes", Concat("'", code, "' must be 127.0.0.2 or 127.0.0.4-7 and a meaning"));
      continue;
    }
    list.codes.emplace_back(code, meaning.scalar());
  }
}

DnsDnsblSettings::List ReadList(const Settings& item, const std::string& path, Mistakes& mistakes) {
  DnsDnsblSettings::List list;
  if (item.kind() == Settings::Kind::kScalar) {
    const std::string mistake = HostNameMistake(item.scalar());
    if (!mistake.empty()) mistakes.Add(item.origin(), path, mistake);
    list.zone = CanonicalName(item.scalar());
    return list;
  }
  SettingsReader in(item, path, mistakes);
  const std::string zone = in.RequiredString("zone");
  const std::string mistake = zone.empty() ? "" : HostNameMistake(zone);
  if (!mistake.empty()) in.Complain("zone", mistake);
  list.zone = CanonicalName(zone);
  list.of = in.Choice("of", "", {"addresses", "domains"});
  ReadCodes(in, list);
  in.Finish();
  return list;
}

std::vector<std::string> Bounded(SettingsReader& in, std::string_view key, size_t most,
                                 std::string (*wrong)(const std::string&)) {
  std::vector<std::string> texts = in.Strings(key, wrong);
  if (texts.size() > most) in.Complain(key, Concat("at most ", most));
  return texts;
}

}  // namespace

DnsDnsblSettings ReadDnsDnsblSettings(const CheckSpec& spec, Mistakes& mistakes) {
  SettingsReader in(spec.settings, spec.id, mistakes);
  DnsDnsblSettings settings;
  const std::vector<Settings>& items = in.ItemsOrTexts("lists");
  if (items.size() > kMaxLists) in.Complain("lists", Concat("at most ", kMaxLists));
  for (size_t i = 0; i < items.size() && i < kMaxLists; ++i) {
    settings.lists.push_back(ReadList(items[i], Concat(in.PathOf("lists"), "[", i, "]"), mistakes));
  }
  settings.addresses = Bounded(in, "addresses", kMaxAddresses, IpMistake);
  settings.domains = Bounded(in, "domains", kMaxDomains, HostNameMistake);
  std::ranges::transform(settings.domains, settings.domains.begin(),
                         [](const std::string& name) { return CanonicalName(name); });
  if (spec.target.empty()) mistakes.Add("", spec.id, "needs a target domain");
  in.Finish();
  return settings;
}

}  // namespace postwatch
