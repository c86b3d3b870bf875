// Settings of `dns.delegation`.
#pragma once

#include "common/model/check_spec.h"

namespace postwatch {

// None of its own: what the parent and the name servers say is compared with one another.
struct DnsDelegationSettings {};

DnsDelegationSettings ReadDnsDelegationSettings(const CheckSpec& spec, Mistakes& mistakes);

}  // namespace postwatch
