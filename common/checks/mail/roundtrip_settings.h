// Settings of `roundtrip`.
#pragma once

#include <string>

#include "absl/time/time.h"
#include "common/checks/mail/mailbox_settings.h"
#include "common/model/check_spec.h"

namespace postwatch {

//   mailbox: {...}            required; who sends. Its deliver_via: mx hands the letter straight to
//                             the recipient domain's MX, without a login
//   receive_from: {...}       the mailbox where it arrives; default: mailbox
//   to: address               default: the address of receive_from. Must be that, or one of its
//                             aliases: nobody else ever gets a letter
//   route: name               marks the letters; default: roundtrip
//   delivery_deadline: 25s    from the start of the run; default: the timeout less 5 s
//   slow_after: 60s           a letter that takes longer is a finding (delivered_slow)
struct RoundtripSettings {
  MailboxSettings sender;
  MailboxSettings receiver;
  std::string to;
  std::string route;
  absl::Duration delivery_deadline;
  absl::Duration slow_after;
};

RoundtripSettings ReadRoundtripSettings(const CheckSpec& spec, Mistakes& mistakes);

}  // namespace postwatch
