// Settings of `dns.dmarc`.
#pragma once

#include <string>

#include "common/model/check_spec.h"

namespace postwatch {

//   expect_policy: none|quarantine|reject    optional; a weaker one is a finding
struct DnsDmarcSettings {
  std::string expect_policy;  // "" when nothing is expected
};

DnsDmarcSettings ReadDnsDmarcSettings(const CheckSpec& spec, Mistakes& mistakes);

}  // namespace postwatch
