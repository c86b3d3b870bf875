// Settings of `dns.dnsbl`.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "common/model/check_spec.h"

namespace postwatch {

//   lists: [zone | {zone, of, codes}, ...]    optional, up to 16. `of`: addresses (default) or
//                                             domains; `codes`: {127.0.0.2: what it means,
//                                             127.0.0.4-7: ...}
//   addresses: [ip, ...]                      optional, up to 32; default those of the MX hosts
//   domains: [name, ...]                      optional, up to 16; default the target
struct DnsDnsblSettings {
  struct List {
    std::string zone;  // canonical
    std::string of;    // "addresses", "domains", "" when not said
    std::vector<std::pair<std::string, std::string>> codes;
  };
  std::vector<List> lists;  // empty: the usual ones
  std::vector<std::string> addresses;
  std::vector<std::string> domains;
};

DnsDnsblSettings ReadDnsDnsblSettings(const CheckSpec& spec, Mistakes& mistakes);

}  // namespace postwatch
