#include "common/mail/probe_message.h"

#include <algorithm>

#include "absl/time/time.h"
#include "common/base/text.h"
#include "common/mail/dsn.h"
#include "common/mail/mime.h"

namespace postwatch {
namespace {

constexpr std::string_view kCanaryVersion = "1";
constexpr size_t kMaxMessage = 1024 * 1024;
constexpr size_t kTokenLines = 20;
constexpr size_t kBallastLine = 76;

// Header text must stay on its line whatever the configuration says.
std::string OneLine(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c >= 0x20 || c < 0) out += c;
  }
  return out;
}

std::string_view FirstLines(std::string_view text, size_t lines) {
  size_t end = 0;
  for (size_t i = 0; i < lines && end != text.npos; ++i) {
    end = text.find('\n', i == 0 ? 0 : end + 1);
  }
  return text.substr(0, end);
}

// Written by a machine in answer to something (RFC 3834), or about its delivery.
bool IsAutomatic(std::string_view headers) {
  const std::string automatic = AsciiLower(HeaderField(headers, "Auto-Submitted"));
  return !automatic.empty() && automatic != "auto-generated" && automatic != "no";
}

std::optional<ProbeToken> TokenInFields(std::string_view headers,
                                        std::initializer_list<std::string_view> names,
                                        const Secret& fleet_key) {
  for (const std::string_view name : names) {
    for (const std::string& value : HeaderFields(headers, name)) {
      std::optional<ProbeToken> token = SearchToken(value, fleet_key).token;
      if (token.has_value()) return token;
    }
  }
  return std::nullopt;
}

// `anywhere`: in every part and on every line, as what talks about our letter may quote it.
std::optional<ProbeToken> TokenInText(const std::vector<MimeLeaf>& leaves, bool anywhere,
                                      const Secret& fleet_key) {
  for (const MimeLeaf& leaf : leaves) {
    if (!anywhere && !leaf.type.starts_with("text/")) continue;
    const std::string_view text = leaf.text;
    std::optional<ProbeToken> token =
        SearchToken(anywhere ? text : FirstLines(text, kTokenLines), fleet_key).token;
    if (token.has_value()) return token;
  }
  return std::nullopt;
}

// By the header alone where that suffices.
ProbeMessageKind KindOf(std::string_view message, std::string_view headers, bool marked) {
  const bool report = MediaType(HeaderField(headers, "Content-Type")) == "multipart/report" ||
                      !HeaderField(headers, "X-Failed-Recipients").empty();
  if (report) return ProbeMessageKind::kReport;
  const bool automatic = IsAutomatic(headers);
  if (marked && !automatic) return ProbeMessageKind::kLetter;
  if (ReadDsn(message).has_value()) return ProbeMessageKind::kReport;
  const bool answers = automatic || !HeaderField(headers, "In-Reply-To").empty() ||
                       !HeaderField(headers, "References").empty() ||
                       StartsWithIgnoreCase(HeaderField(headers, "Subject"), "re:");
  return answers ? ProbeMessageKind::kReply : ProbeMessageKind::kLetter;
}

std::string TextPart(const ProbeLetter& letter, std::string_view token) {
  const std::string body = LetterBody(token);
  return Concat("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: ",
                letter.eight_bit ? "8bit" : "quoted-printable", "\r\n\r\n",
                letter.eight_bit ? body : EncodeQuotedPrintable(body));
}

// Lines of 76 octets, so that the whole has the size that is wanted, or a line more.
std::string Ballast(size_t octets) {
  std::string text;
  text.reserve(octets + 2 * kBallastLine);
  for (size_t line = 1; text.size() < octets; ++line) {
    std::string words = Concat("Line ", line, " of a letter that is large on purpose ");
    words.resize(kBallastLine, '.');
    Append(text, words, "\r\n");
  }
  return text;
}

// The text, and what else the letter is to carry, as parts of a multipart message (RFC 2046).
void AppendParts(const ProbeLetter& letter, std::string_view text, std::string& out) {
  const std::string boundary = Concat("part-", letter.token.probe_id);
  const std::string plain = Concat("\r\n--", boundary,
                                   "\r\nContent-Type: text/plain; charset=us-ascii\r\n"
                                   "Content-Transfer-Encoding: 7bit\r\n\r\n");
  std::vector<std::string_view> parts;
  if (letter.long_line) parts.push_back(kLongLinePart);
  if (letter.size > 0) parts.emplace_back("ballast");
  Append(out, kPartsField, ": ", Join(parts, ", "), "\r\n");
  Append(out, "Content-Type: multipart/mixed; boundary=\"", boundary, "\"\r\n");
  Append(out, "Content-Transfer-Encoding: ", letter.eight_bit ? "8bit" : "7bit", "\r\n\r\n");
  Append(out, "--", boundary, "\r\n", text);
  if (letter.long_line) Append(out, plain, LongLine(), "\r\n");
  if (letter.size > out.size()) Append(out, plain, Ballast(letter.size - out.size()));
  Append(out, "\r\n--", boundary, "--\r\n");
}

}  // namespace

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
  Append(out, "Subject: ", LetterSubject(letter.token), "\r\n");
  Append(out, "Auto-Submitted: auto-generated\r\n", "X-Auto-Response-Suppress: All\r\n");
  Append(out, "X-Probe-Token: ", token, "\r\n", "X-Probe-Version: ", kCanaryVersion, "\r\n");
  const std::string_view encoding = letter.eight_bit ? "8bit" : "quoted-printable";
  Append(out, "X-Probe-Encoding: ", encoding, "\r\n");
  const std::string text = TextPart(letter, token);
  out += "MIME-Version: 1.0\r\n";
  if (!letter.long_line && letter.size == 0) return out + text;
  AppendParts(letter, text, out);
  return out;
}

std::optional<ReceivedProbe> ReadProbeMessage(std::string_view message, const Secret& fleet_key) {
  message = message.substr(0, kMaxMessage);
  const MimeEntity entity = SplitEntity(message);
  const std::vector<MimeLeaf> leaves = MimeLeaves(message);
  ReceivedProbe probe;
  std::optional<ProbeToken> token = FindToken(entity.headers, fleet_key);
  probe.kind = KindOf(message, entity.headers, token.has_value());
  const bool letter = probe.kind == ProbeMessageKind::kLetter;
  if (!token.has_value()) token = FindAnsweredToken(entity.headers, fleet_key);
  if (!token.has_value()) token = TokenInText(leaves, !letter, fleet_key);
  if (!token.has_value()) return std::nullopt;
  probe.token = *std::move(token);
  if (!letter) return probe;
  const std::string signed_token = SignToken(probe.token, fleet_key);
  const std::string sent = LetterBody(signed_token);
  for (const MimeLeaf& leaf : leaves) {
    if (!leaf.type.starts_with("text/")) continue;
    probe.integrity = std::min(probe.integrity, CompareBody(leaf.text, sent));
  }
  probe.header = CheckHeaders(entity.headers, probe.token, signed_token);
  if (HeaderField(entity.headers, kPartsField).find(kLongLinePart) == std::string::npos)
    return probe;
  std::vector<std::string> texts;
  for (const MimeLeaf& leaf : leaves) {
    if (leaf.type.starts_with("text/")) texts.push_back(leaf.text);
  }
  probe.long_line = CheckLongLine(texts);
  return probe;
}

std::optional<ProbeToken> FindToken(std::string_view headers, const Secret& fleet_key) {
  return TokenInFields(headers, {"X-Probe-Token", "Message-ID"}, fleet_key);
}

std::optional<ProbeToken> FindAnsweredToken(std::string_view headers, const Secret& fleet_key) {
  return TokenInFields(headers, {"In-Reply-To", "References"}, fleet_key);
}

bool HasUnverifiedToken(std::string_view headers, const Secret& fleet_key) {
  bool unverified = false;
  for (const std::string_view name : {"X-Probe-Token", "Message-ID"}) {
    for (const std::string& value : HeaderFields(headers, name)) {
      const TokenSearch search = SearchToken(value, fleet_key);
      if (search.token.has_value()) return false;
      unverified = unverified || search.unverified;
    }
  }
  return unverified;
}

}  // namespace postwatch
