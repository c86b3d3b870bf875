// Settings of `dns.dnssec`.
#pragma once

#include "common/model/check_spec.h"

namespace postwatch {

// None of its own: what signatures say is their own measure.
struct DnsDnssecSettings {};

DnsDnssecSettings ReadDnsDnssecSettings(const CheckSpec& spec, Mistakes& mistakes);

}  // namespace postwatch
