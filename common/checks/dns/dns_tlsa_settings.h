// Settings of `dns.tlsa`.
#pragma once

#include "common/model/check_spec.h"

namespace postwatch {

//   private: report|allow     report (default): MX hosts with private addresses are not connected
//   to
struct DnsTlsaSettings {
  bool allow_private = false;
};

DnsTlsaSettings ReadDnsTlsaSettings(const CheckSpec& spec, Mistakes& mistakes);

}  // namespace postwatch
