// Settings of `dns.caa`.
#pragma once

#include <string>
#include <vector>

#include "common/model/check_spec.h"

namespace postwatch {

//   issuer: name              optional; the authority, as CAA records name it, that must be allowed
//                             to issue (else caa_forbids)
//   hosts: [name, ...]        optional, up to 16; whose certificates matter. Default: the domain
//   and
//                             the MX hosts within it
struct DnsCaaSettings {
  std::string issuer;
  std::vector<std::string> hosts;  // canonical
};

DnsCaaSettings ReadDnsCaaSettings(const CheckSpec& spec, Mistakes& mistakes);

}  // namespace postwatch
