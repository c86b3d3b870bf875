// Settings of `dns.mtasts`.
#pragma once

#include <cstdint>

#include "common/model/check_spec.h"

namespace postwatch {

//   https_port: 443           where the policy is asked for; senders know no other port than 443
struct DnsMtaStsSettings {
  uint16_t https_port = 443;
};

DnsMtaStsSettings ReadDnsMtaStsSettings(const CheckSpec& spec, Mistakes& mistakes);

}  // namespace postwatch
