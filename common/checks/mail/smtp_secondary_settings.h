// Settings of `smtp.secondary`.
#pragma once

#include <string>

#include "common/model/check_spec.h"

namespace postwatch {

//   own: true                 required: the servers are ours, so that asking them for an address
//   that
//                             does not exist is ours to decide
//   rcpt: address             required; a mailbox of the domain that every server must take
//   sender: address           MAIL FROM; default the null sender <>
//   private: report|allow     report (default): hosts with private addresses are not connected to
struct SmtpSecondarySettings {
  std::string rcpt;
  std::string sender;
  bool allow_private = false;
};

SmtpSecondarySettings ReadSmtpSecondarySettings(const CheckSpec& spec, Mistakes& mistakes);

}  // namespace postwatch
