// ProbeMessage: the letter we send ourselves, and what of it a received message turns out to be.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/base/secret.h"
#include "common/mail/letter_check.h"
#include "common/mail/probe_token.h"

namespace postwatch {

struct ProbeLetter {
  std::string from, to;  // addresses
  ProbeToken token;
  bool eight_bit = false;  // the server offered 8BITMIME; otherwise quoted-printable
  bool long_line = false;  // with a line of 998 octets in a part of its own
  size_t size = 0;         // with as much text in another part that it has this many octets
};

// The whole message, CRLF lines, headers as mail-domain.md section 2.5 names them (Message-ID,
// X-Probe-Token, Auto-Submitted, ...), the token also on the body's first line. Asks for no receipt
// (Disposition-Notification-To).
std::string ComposeProbeMessage(const ProbeLetter& letter, const Secret& fleet_key,
                                std::string_view message_id_domain);

enum class ProbeMessageKind {
  kLetter,  // what we sent
  kReport,  // a notice about its delivery, in any of the forms that ReadDsn knows
  kReply,   // an answer to it, by a machine (RFC 3834) or a person
};

struct ReceivedProbe {
  ProbeToken token;
  ProbeMessageKind kind = ProbeMessageKind::kLetter;
  Integrity integrity = Integrity::kCorrupted;  // of a letter, as is `header`
  HeaderCheck header;
  LineState long_line = LineState::kNotSent;
};

// Reads a fetched message (at most 1 MiB is looked at). Looks for the token in X-Probe-Token,
// Message-ID, In-Reply-To, References and the first body lines, in this order; in a report or reply
// anywhere. Nothing when it carries no token that verifies.
std::optional<ReceivedProbe> ReadProbeMessage(std::string_view message, const Secret& fleet_key);

// The token found in a header block alone (no body), to pick messages cheaply.
std::optional<ProbeToken> FindToken(std::string_view headers, const Secret& fleet_key);
// The token of the letter that a message answers.
std::optional<ProbeToken> FindAnsweredToken(std::string_view headers, const Secret& fleet_key);
// Whether a header block carries what has a token's form and does not verify: forged, or of another
// fleet.
bool HasUnverifiedToken(std::string_view headers, const Secret& fleet_key);

}  // namespace postwatch
