// Settings of `dns.dkim`.
#pragma once

#include <string>
#include <vector>

#include "common/model/check_spec.h"

namespace postwatch {

//   selectors: [name, ...]    optional, up to 16; the keys that mail is signed with. Without, the
//                             selectors that services usually take are tried
struct DnsDkimSettings {
  std::vector<std::string> selectors;  // small letters
};

DnsDkimSettings ReadDnsDkimSettings(const CheckSpec& spec, Mistakes& mistakes);

}  // namespace postwatch
