// Settings of `smtp.mx`.
#pragma once

#include <string>

#include "common/model/check_spec.h"

namespace postwatch {

//   host: name                optional; this MX host only, instead of the domain's MX set
//   require_tls: false        true: no STARTTLS, or an unverified certificate, is a failure
//   private: report|allow     report (default): hosts with private addresses are not connected to
struct SmtpMxSettings {
  std::string host;
  bool require_tls = false;
  bool allow_private = false;
};

SmtpMxSettings ReadSmtpMxSettings(const CheckSpec& spec, Mistakes& mistakes);

}  // namespace postwatch
