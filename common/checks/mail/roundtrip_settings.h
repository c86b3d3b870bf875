// Settings of `roundtrip`.
#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/checks/mail/mailbox_settings.h"
#include "common/model/check_spec.h"

namespace postwatch {

//   mailbox: {...}            required; who sends. Its deliver_via: mx hands the letter straight to
//                             the recipient domain's MX, without a login
//   receive_from: {...}       the mailbox where it arrives; default: mailbox. Two checks make both
//                             directions between two mailboxes
//   Where the letter goes, one of these; nobody else ever gets a letter:
//   to: address               default: the address of receive_from; must be that or an alias of it
//   alias: address            one of the aliases of receive_from, whose forwarding is so tested
//   reflector: address        declared to answer or to forward back to receive_from; no password
//                             of it is needed. Its answer must carry the letter's mark
//   via: host                 handed to this mail server on port 25, an MX or secondary of yours
//   route: name               marks the letters; default: roundtrip
//   delivery_deadline: 25s    from the start of the run; default: the timeout less 5 s
//   slow_after: 60s           a letter that takes longer is a finding (delivered_slow), and so is
//                             a server on the way that held it longer (delivery_hop_slow)
//   lost_after: 24h           a letter not seen by then counts as lost (delivery_lost)
//   max_missing: 10           with as many letters missing sending stops, 1 to 100. It goes on as
//                             soon as one of them arrives, comes back or counts as lost
//   hold_off: 1h              while it has stopped, one letter goes out this long after the last,
//   as
//                             nothing else would tell that letters arrive again; default: 12
//                             intervals, 10s to 24h
//   expect_via: [host, ...]   names, or *.domain; a letter that passed none of them is misrouted
//   long_line: false          true: letters carry a line of 998 octets, the longest allowed, too
//   size: 1MiB                once a day a letter is this large, 1MiB to 5MiB; never without. Needs
//                             a mailbox that is read by IMAP
//   authserv_id: host         whose Authentication-Results are believed; none without
//   require_auth: false       true: SPF, DKIM or DMARC that did not pass is a failure
struct RoundtripSettings {
  MailboxSettings sender;
  MailboxSettings receiver;
  std::string to;
  bool reflected = false;  // `to` is a reflector
  std::string via;         // "" = as the mailbox says
  std::string route;
  absl::Duration delivery_deadline;
  absl::Duration slow_after;
  absl::Duration lost_after;
  size_t max_missing = 10;
  absl::Duration hold_off;
  std::vector<std::string> expect_via;
  std::string authserv_id;
  bool require_auth = false;
  bool long_line = false;
  size_t large_size = 0;  // octets; 0 = no letter is large

  // Whether the letter comes back to the mailbox that sends it.
  bool self_loop() const;
};

RoundtripSettings ReadRoundtripSettings(const CheckSpec& spec, Mistakes& mistakes);

}  // namespace postwatch
