// Settings of `smtp.mx`.
#pragma once

#include <string>

#include "common/model/check_spec.h"

namespace postwatch {

//   host: name                optional; this MX host only, instead of the domain's MX set
//   require_tls: false        true: no STARTTLS, or an unverified certificate, is a failure
//   tls_floor: 1.2            or 1.3; a lower version is a finding
//   private: report|allow     report (default): hosts with private addresses are not connected to
//   rcpt: address             a mailbox that exists: each server must take it as a recipient. The
//                             session ends after that (RSET): no letter is ever sent
//   sender: address           MAIL FROM of these sessions; default the null sender <>
//   roles: false              true: postmaster@ and abuse@ of the domain must be taken as well
struct SmtpMxSettings {
  std::string host;
  bool require_tls = false;
  std::string tls_floor = "1.2";
  bool allow_private = false;
  std::string rcpt;
  std::string sender;
  bool roles = false;
};

SmtpMxSettings ReadSmtpMxSettings(const CheckSpec& spec, Mistakes& mistakes);

}  // namespace postwatch
