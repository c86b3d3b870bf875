#include "common/mail/letter_check.h"

#include <optional>

#include "absl/time/time.h"
#include "common/base/text.h"
#include "common/mail/mime.h"
#include "common/mail/received.h"

namespace postwatch {
namespace {

constexpr size_t kMaxQuoted = 100;
constexpr size_t kLongestLine = 998;
constexpr std::string_view kLongLineStart = "This line has 998 octets:";

// Everything that mail systems are known to damage, in lines of their own: dots at line starts,
// white space at line ends, "From " at a line start, "=" signs, text beyond ASCII and Latin-1.
constexpr std::string_view kCanary =
    "--- canary 1 begins ---\r\n"
    ".\r\n"
    "..\r\n"
    ".x a dot and a letter\r\n"
    "From here on a mailbox format may put a mark before the line\r\n"
    "a = b, =3D is not an equals sign, =\r\n"
    "two spaces at the end  \r\n"
    "a tab\tinside and one at the end\t\r\n"
    "\r\n"
    "Gr\u00fc\u00dfe, na\u00efve fa\u00e7ade, 20 \u20ac, \u03b1\u03b2\u03b3, "
    "\u0416\u0443\u043a, \u6f22\u5b57\r\n"
    "--- canary 1 ends ---\r\n";

constexpr std::string_view kExplanation =
    "\r\n"
    "This is an automatic message of a mail monitor. It was sent by a mailbox that belongs to\r\n"
    "the monitor to another one that does too, to see whether mail arrives, how long it takes\r\n"
    "and whether it arrives undamaged. It is read and removed by a program. If you found it in\r\n"
    "a mailbox of your own, the address in the To field leads to you by mistake: please tell\r\n"
    "the operator of the sending address. Nobody will mind if you delete it.\r\n"
    "\r\n"
    "The first line holds the mark by which the monitor knows its own messages again. Mail\r\n"
    "systems on the way may change header fields or the subject, so the mark stands here as\r\n"
    "well. The lines between the two markers below are a sample of text that mail systems are\r\n"
    "known to change. They are compared with what was sent, after the encoding of the message\r\n"
    "has been undone. A footer or a banner added above or below does no harm and is reported\r\n"
    "as an addition, a change between the markers is reported as damage.\r\n"
    "\r\n"
    "There is nothing to click, nothing to answer and nothing attached.\r\n"
    "\r\n";

// LF line ends, no white space at line ends, no empty lines at the end.
std::string Canonical(std::string_view text) {
  std::string out;
  for (std::string_view line : Split(text, '\n')) {
    out += line.substr(0, line.find_last_not_of(" \t\r") + 1);
    out += '\n';
  }
  while (out.ends_with("\n\n")) out.pop_back();
  return out;
}

std::string WithoutWhiteSpace(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c != ' ' && c != '\t' && c != '\r' && c != '\n') out += c;
  }
  return out;
}

// Of a header value in a message.
std::string Quoted(std::string_view value) { return Concat("'", Truncate(value, kMaxQuoted), "'"); }

void CheckSubject(std::string_view headers, const ProbeToken& token, HeaderCheck& check) {
  const std::string sent = LetterSubject(token);
  const std::string got = HeaderField(headers, "Subject");
  if (got == sent) return;
  if (got.find(sent) != got.npos || got.find("=?") != got.npos) {
    check.changes.push_back(Concat("the subject became ", Quoted(got)));
  } else {
    check.damage = Concat("the subject is ", Quoted(got), " instead of ", Quoted(sent));
  }
}

void CheckMarks(std::string_view headers, std::string_view signed_token, HeaderCheck& check) {
  const std::string id = HeaderField(headers, "Message-ID");
  if (id.find(signed_token) == id.npos) check.changes.emplace_back("the Message-ID was replaced");
  const std::string mark = HeaderField(headers, "X-Probe-Token");
  if (mark.empty()) {
    check.changes.emplace_back("the field X-Probe-Token was removed");
  } else if (mark != signed_token) {
    check.damage = "the field X-Probe-Token was changed";
  }
}

void CheckEncoding(std::string_view headers, HeaderCheck& check) {
  const std::string sent = HeaderField(headers, "X-Probe-Encoding");
  if (sent.empty()) return;
  const std::string type = MediaType(HeaderField(headers, "Content-Type"));
  if (!HeaderField(headers, kPartsField).empty() && type == "multipart/mixed") return;
  if (type != "text/plain") {
    check.changes.push_back(Concat("the text was wrapped into ", type));
    return;
  }
  const std::string got = HeaderField(headers, "Content-Transfer-Encoding");
  if (!EqualsIgnoreCase(got, sent)) {
    check.changes.push_back(
        Concat("the encoding went from ", sent, " to ", got.empty() ? "none" : Quoted(got)));
  }
}

}  // namespace

std::string LetterBody(std::string_view signed_token) {
  return Concat("Postwatch probe ", signed_token, "\r\n", kExplanation, kCanary);
}

std::string LetterSubject(const ProbeToken& token) {
  return Concat("[mail-probe] ", token.route, " ", std::string_view(token.probe_id).substr(0, 8));
}

std::string LongLine() {
  std::string line(kLongLineStart);
  for (int number = 1; line.size() < kLongestLine; ++number) Append(line, " ", number);
  line.resize(kLongestLine, '.');
  line.back() = '.';
  return line;
}

LineState CheckLongLine(const std::vector<std::string>& texts) {
  const std::string sent = LongLine();
  const std::string start = WithoutWhiteSpace(kLongLineStart);
  for (const std::string& text : texts) {
    const std::string got = WithoutWhiteSpace(text);
    if (!got.starts_with(start)) continue;
    for (const std::string_view line : Split(text, '\n')) {
      if (Trim(line) == sent) return LineState::kWhole;
    }
    return got == WithoutWhiteSpace(sent) ? LineState::kBroken : LineState::kDamaged;
  }
  return LineState::kDamaged;
}

std::string_view IntegrityName(Integrity integrity) {
  switch (integrity) {
    case Integrity::kExact:
      return "exact";
    case Integrity::kCanonical:
      return "canonical";
    case Integrity::kRewritten:
      return "rewritten";
    case Integrity::kCorrupted:
      return "corrupted";
  }
  return "corrupted";
}

Integrity CompareBody(std::string_view got, std::string_view sent) {
  if (got == sent) return Integrity::kExact;
  const std::string canonical = Canonical(got);
  if (canonical == Canonical(sent)) return Integrity::kCanonical;
  return canonical.find(Canonical(kCanary)) != canonical.npos ? Integrity::kRewritten
                                                              : Integrity::kCorrupted;
}

HeaderCheck CheckHeaders(std::string_view headers, const ProbeToken& token,
                         std::string_view signed_token) {
  HeaderCheck check;
  CheckSubject(headers, token, check);
  CheckMarks(headers, signed_token, check);
  CheckEncoding(headers, check);
  for (const std::string_view name : {"From", "To", "Date"}) {
    if (HeaderField(headers, name).empty()) check.damage = Concat("the field ", name, " is gone");
  }
  const std::string date = HeaderField(headers, "Date");
  const std::optional<absl::Time> read = ReadMailDate(date);
  if (!date.empty() && (!read.has_value() || *read != token.sent)) {
    check.damage = Concat("the Date is ", Quoted(date), ", which is not when the letter was sent");
  }
  return check;
}

}  // namespace postwatch
