// Settings of `dns.tlsrpt`: none beside the domain.
#pragma once

#include "common/model/check_spec.h"

namespace postwatch {

struct DnsTlsrptSettings {};

DnsTlsrptSettings ReadDnsTlsrptSettings(const CheckSpec& spec, Mistakes& mistakes);

}  // namespace postwatch
