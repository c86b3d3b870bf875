// Settings of `smtp.relay`.
#pragma once

#include <string>

#include "common/model/check_spec.h"

namespace postwatch {

//   own: true                 required: the servers are ours, so that trying this on them is ours
//   to
//                             decide
//   host: name                optional; this host only, instead of the domain's MX set
//   sender: address           MAIL FROM; default postwatch-relay-test@<the domain>
//   private: report|allow     report (default): hosts with private addresses are not connected to
struct SmtpRelaySettings {
  std::string host;
  std::string sender;
  bool allow_private = false;
};

SmtpRelaySettings ReadSmtpRelaySettings(const CheckSpec& spec, Mistakes& mistakes);

}  // namespace postwatch
