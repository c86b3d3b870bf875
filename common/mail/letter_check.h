// LetterCheck: the text that every letter carries, and what of a letter came back changed.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/mail/probe_token.h"

namespace postwatch {

// The body of the letter with this signed token, CRLF lines: the token, words for people, and a
// canary of everything that mail systems are known to damage (mail-domain.md 2.5).
std::string LetterBody(std::string_view signed_token);

// "[mail-probe] a-to-b 01234567".
std::string LetterSubject(const ProbeToken& token);

enum class Integrity {
  kExact,      // the canary text came back byte for byte after MIME decoding
  kCanonical,  // only line ends or trailing white space differ
  kRewritten,  // the canary is there whole, with text added around it (footer, banner)
  kCorrupted,  // the canary is damaged or gone
};
std::string_view IntegrityName(Integrity integrity);

// `got` is one decoded text part, `sent` the LetterBody.
Integrity CompareBody(std::string_view got, std::string_view sent);

// The line of the longest allowed length, 998 octets and CRLF (RFC 5322 section 2.1.1), which is a
// part of its own where it is sent.
std::string LongLine();

enum class LineState {
  kNotSent,
  kWhole,
  kBroken,   // all of it is there, in several lines
  kDamaged,  // changed or gone
};

// Of the decoded text parts of a letter that was sent with the line.
LineState CheckLongLine(const std::vector<std::string>& texts);

// Field that names the parts which a letter has beside its text.
inline constexpr std::string_view kPartsField = "X-Probe-Parts";
inline constexpr std::string_view kLongLinePart = "long-line";

struct HeaderCheck {
  std::vector<std::string> changes;  // harmless: "the subject became '[list] ...'"
  std::string damage;                // what must not happen to a header; "" when nothing did
};

// Compares a header block with what ComposeProbeMessage wrote for this token.
HeaderCheck CheckHeaders(std::string_view headers, const ProbeToken& token,
                         std::string_view signed_token);

}  // namespace postwatch
