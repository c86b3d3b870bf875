// Settings of `dns.mx`.
#pragma once

#include <set>
#include <string>

#include "common/model/check_spec.h"

namespace postwatch {

//   expect: [host, ...]       optional; the MX set, in any order (else dns_mx_mismatch)
//   private: report|allow     report (default): private addresses are faults
struct DnsMxSettings {
  std::set<std::string> expect;  // canonical
  bool allow_private = false;
};

DnsMxSettings ReadDnsMxSettings(const CheckSpec& spec, Mistakes& mistakes);

}  // namespace postwatch
