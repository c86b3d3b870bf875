// Settings of `dns.ptr`.
#pragma once

#include <string>
#include <vector>

#include "common/model/check_spec.h"

namespace postwatch {

//   senders: [ip, ...]   optional; addresses the domain sends from, looked at beside those of its
//                        MX hosts; at most 32
struct DnsPtrSettings {
  std::vector<std::string> senders;
};

DnsPtrSettings ReadDnsPtrSettings(const CheckSpec& spec, Mistakes& mistakes);

}  // namespace postwatch
