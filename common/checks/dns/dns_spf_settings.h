// Settings of `dns.spf`.
#pragma once

#include <string>
#include <vector>

#include "common/model/check_spec.h"

namespace postwatch {

//   senders: [ip, ...]        optional, up to 16; addresses that must pass (else
//                             spf_sender_not_covered)
//   require: true|false       true: a missing or unusable record fails the check; default: false
struct DnsSpfSettings {
  std::vector<std::string> senders;
  bool require = false;
};

DnsSpfSettings ReadDnsSpfSettings(const CheckSpec& spec, Mistakes& mistakes);

}  // namespace postwatch
