#include "common/mail/probe_message.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <vector>

#include "absl/strings/escaping.h"
#include "common/base/ids.h"
#include "common/base/text.h"
#include "common/mail/mime.h"

namespace postwatch {
namespace {

constexpr std::string_view kTokenPrefix = "pw1.";
constexpr std::string_view kCanaryVersion = "1";
constexpr size_t kIdDigits = 32;
constexpr size_t kMacBytes = 16;
constexpr size_t kMaxToken = 160;
constexpr size_t kMaxMessage = 1024 * 1024;
// Candidates verified per text: each costs an HMAC, and the text is anybody's.
constexpr int kMaxCandidates = 20;
constexpr size_t kTokenLines = 20;

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

std::string Mac(std::string_view signed_part, const Secret& fleet_key) {
  const std::string_view key = fleet_key.Reveal();
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
  unsigned int length = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(signed_part.data()), signed_part.size(), mac.data(),
       &length);
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(mac.data()), kMacBytes));
}

bool IsHex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == text.npos;
}

bool IsTokenChar(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
}

// The first token in `text` that verifies.
std::optional<ProbeToken> ScanForToken(std::string_view text, const Secret& fleet_key) {
  int candidates = 0;
  for (size_t at = text.find(kTokenPrefix); at != text.npos && candidates < kMaxCandidates;
       at = text.find(kTokenPrefix, at + kTokenPrefix.size())) {
    std::string_view word = text.substr(at, kMaxToken);
    const auto end = std::find_if_not(word.begin(), word.end(), IsTokenChar);
    word = word.substr(0, static_cast<size_t>(end - word.begin()));
    while (word.ends_with('.')) word.remove_suffix(1);
    std::optional<ProbeToken> token = VerifyToken(word, fleet_key);
    if (token.has_value()) return token;
    ++candidates;
  }
  return std::nullopt;
}

// Header text must stay on its line whatever the configuration says.
std::string OneLine(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c >= 0x20 || c < 0) out += c;
  }
  return out;
}

std::string BodyText(std::string_view token) {
  return Concat("Postwatch probe ", token, "\r\n", kExplanation, kCanary);
}

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

Integrity CompareBody(std::string_view got, std::string_view sent) {
  if (got == sent) return Integrity::kExact;
  const std::string canonical = Canonical(got);
  if (canonical == Canonical(sent)) return Integrity::kCanonical;
  return canonical.find(Canonical(kCanary)) != canonical.npos ? Integrity::kRewritten
                                                              : Integrity::kCorrupted;
}

std::string_view FirstLines(std::string_view text, size_t lines) {
  size_t end = 0;
  for (size_t i = 0; i < lines && end != text.npos; ++i) {
    end = text.find('\n', i == 0 ? 0 : end + 1);
  }
  return text.substr(0, end);
}

// Bounces (RFC 3464 and Exim's older form) and automatic replies (RFC 3834): they quote our letter
// and are not it.
bool IsReport(std::string_view headers) {
  if (MediaType(HeaderField(headers, "Content-Type")) == "multipart/report") return true;
  if (!HeaderField(headers, "X-Failed-Recipients").empty()) return true;
  const std::string automatic = AsciiLower(HeaderField(headers, "Auto-Submitted"));
  return !automatic.empty() && automatic != "auto-generated";
}

std::optional<ProbeToken> TokenInText(const std::vector<MimeLeaf>& leaves, bool report,
                                      const Secret& fleet_key) {
  for (const MimeLeaf& leaf : leaves) {
    if (!report && !leaf.type.starts_with("text/")) continue;
    const std::string_view text = leaf.text;
    std::optional<ProbeToken> token =
        ScanForToken(report ? text : FirstLines(text, kTokenLines), fleet_key);
    if (token.has_value()) return token;
  }
  return std::nullopt;
}

}  // namespace

std::string SignToken(const ProbeToken& token, const Secret& fleet_key) {
  const std::string signed_part =
      Concat(kTokenPrefix, token.probe_id, ".", token.route, ".", absl::ToUnixSeconds(token.sent));
  return Concat(signed_part, ".", Mac(signed_part, fleet_key));
}

std::optional<ProbeToken> VerifyToken(std::string_view text, const Secret& fleet_key) {
  if (text.size() > kMaxToken || !text.starts_with(kTokenPrefix)) return std::nullopt;
  const size_t mac_dot = text.rfind('.');
  const std::string_view signed_part = text.substr(0, mac_dot);
  const std::string_view mac = text.substr(mac_dot + 1);
  const std::string expected = Mac(signed_part, fleet_key);
  if (mac.size() != expected.size() ||
      CRYPTO_memcmp(mac.data(), expected.data(), expected.size()) != 0) {
    return std::nullopt;
  }
  if (signed_part.size() <= kTokenPrefix.size()) return std::nullopt;
  const std::string_view fields = signed_part.substr(kTokenPrefix.size());
  const size_t sent_dot = fields.rfind('.');
  if (sent_dot == fields.npos || sent_dot <= kIdDigits + 1 || fields[kIdDigits] != '.') {
    return std::nullopt;
  }
  ProbeToken token;
  token.probe_id = std::string(fields.substr(0, kIdDigits));
  token.route = std::string(fields.substr(kIdDigits + 1, sent_dot - kIdDigits - 1));
  const std::optional<int64_t> sent = ParseInteger(fields.substr(sent_dot + 1));
  if (!IsHex(token.probe_id) || !IsName(token.route) || !sent.has_value()) return std::nullopt;
  token.sent = absl::FromUnixSeconds(*sent);
  return token;
}

std::string ComposeProbeMessage(const ProbeLetter& letter, const Secret& fleet_key,
                                std::string_view message_id_domain) {
  const std::string token = SignToken(letter.token, fleet_key);
  const std::string date =
      absl::FormatTime("%a, %d %b %Y %H:%M:%S +0000", letter.token.sent, absl::UTCTimeZone());
  std::string out;
  Append(out, "From: <", OneLine(letter.from), ">\r\n");
  Append(out, "To: <", OneLine(letter.to), ">\r\n");
  Append(out, "Date: ", date, "\r\n");
  Append(out, "Message-ID: <", token, "@", OneLine(message_id_domain), ">\r\n");
  Append(out, "Subject: [mail-probe] ", letter.token.route, " ",
         std::string_view(letter.token.probe_id).substr(0, 8), "\r\n");
  Append(out, "Auto-Submitted: auto-generated\r\n", "X-Auto-Response-Suppress: All\r\n");
  Append(out, "X-Probe-Token: ", token, "\r\n", "X-Probe-Version: ", kCanaryVersion, "\r\n");
  Append(out, "MIME-Version: 1.0\r\n", "Content-Type: text/plain; charset=utf-8\r\n");
  Append(out, "Content-Transfer-Encoding: ", letter.eight_bit ? "8bit" : "quoted-printable",
         "\r\n\r\n");
  const std::string body = BodyText(token);
  out += letter.eight_bit ? body : EncodeQuotedPrintable(body);
  return out;
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

std::optional<ReceivedProbe> ReadProbeMessage(std::string_view message, const Secret& fleet_key) {
  message = message.substr(0, kMaxMessage);
  const MimeEntity entity = SplitEntity(message);
  const std::vector<MimeLeaf> leaves = MimeLeaves(message);
  ReceivedProbe probe;
  probe.is_report = IsReport(entity.headers);
  std::optional<ProbeToken> token = FindToken(entity.headers, fleet_key);
  if (!token.has_value()) token = TokenInText(leaves, probe.is_report, fleet_key);
  if (!token.has_value()) return std::nullopt;
  probe.token = *std::move(token);
  if (probe.is_report) return probe;
  const std::string sent = BodyText(SignToken(probe.token, fleet_key));
  for (const MimeLeaf& leaf : leaves) {
    if (!leaf.type.starts_with("text/")) continue;
    probe.integrity = std::min(probe.integrity, CompareBody(leaf.text, sent));
  }
  return probe;
}

std::optional<ProbeToken> FindToken(std::string_view headers, const Secret& fleet_key) {
  for (const std::string_view name : {"X-Probe-Token", "Message-ID"}) {
    for (const std::string& value : HeaderFields(headers, name)) {
      std::optional<ProbeToken> token = ScanForToken(value, fleet_key);
      if (token.has_value()) return token;
    }
  }
  return std::nullopt;
}

}  // namespace postwatch
