#include "common/mail/log_line.h"

#include <algorithm>
#include <array>

#include "common/base/text.h"
#include "common/mail/peer_text.h"
#include "common/mail/text_pattern.h"

namespace postwatch {
namespace {

constexpr size_t kMaxLoggedReply = 2 * kMaxPeerText;

// What stands in a log when no server said anything; patterns as in text_pattern.h, first wins.
struct Cause {
  std::string_view rule;
  std::string_view text;
  std::string_view klass;
};

constexpr auto kCauses = std::to_array<Cause>({
    {"log.null-mx", "nullmx|null mx|no smtp service", "dns_null_mx"},
    {"log.loop", "loops back to myself|too many hops|lowest numbered mx record points to local",
     "smtp_loop"},
    {"log.mx-without-address", "mx records point to non-existent|no mx host*has*address",
     "dns_mx_no_address"},
    {"log.tlsa", "tlsa lookup error|tlsa lookup failed|dane*lookup", "dane_lookup_servfail"},
    {"log.dns-temporary",
     "host not found, try again|name service error*try again|host lookup did not complete|"
     "temporary failure in name resolution|lookup failed temporarily",
     "dns_servfail"},
    {"log.dns-no-name",
     "host or domain name not found|host not found|unknown mail host|domain not found|"
     "unrouteable mail domain",
     "dns_nxdomain"},
    {"log.certificate",
     "certificate not trusted|certificate not verified|certificate verification failed|"
     "untrusted certificate",
     "tls_untrusted_root"},
    {"log.tls-missing", "tls is required, but was not offered|not offered by host|tls*not offered",
     "tls_not_offered"},
    {"log.tls-handshake",
     "cannot start tls|tls session failure|tls error|tls handshake|ssl_connect|ssl_accept",
     "tls_handshake_failed"},
    {"log.refused", "connection refused", "tcp_refused"},
    {"log.unreachable", "network is unreachable|no route to host", "net_unreachable"},
    {"log.silent", "timed out while|timeout after|timed out after", "read_timeout"},
    {"log.timeout", "connection timed out|operation timed out|connect*timed out", "tcp_timeout"},
    {"log.reset", "connection reset|broken pipe", "tcp_reset"},
    {"log.closed", "lost connection|closed connection|connection closed", "conn_closed_early"},
    {"log.unknown-user",
     "unknown user|user unknown|unrouteable address|mail for * not accepted|no such user",
     "smtp_mailbox_unknown_perm"},
    {"log.full", "mailbox*full|over quota|quota exceeded|mailbox*over*limit",
     "smtp_mailbox_full_temp"},
    {"log.disk", "no space left", "smtp_system_full"},
    {"log.local-trouble", "mail transport unavailable|temporary lookup|internal|command died",
     "smtp_server_temp"},
});

Classification ClassifyTrouble(const LogLine& line) {
  const std::string folded = FoldText(line.trouble);
  for (const Cause& cause : kCauses) {
    if (TextMatches(folded, cause.text)) return {cause.klass, cause.rule, 0.8};
  }
  const bool lasting = line.event == LogEvent::kBounced || line.event == LogEvent::kRejected;
  return {lasting ? "smtp_unclassified_5xx" : "smtp_unclassified_4xx", "basic.unclassified", 0.3};
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Takes "550-" or "550 " off the front, and "5.1.1 " behind it. The code, or 0.
int TakeCodes(std::string_view& text, std::string& enhanced) {
  if (text.size() < 3 || !IsDigit(text[0]) || !IsDigit(text[1]) || !IsDigit(text[2])) return 0;
  if (text.size() > 3 && text[3] != ' ' && text[3] != '-') return 0;
  const int code = (text[0] - '0') * 100 + (text[1] - '0') * 10 + (text[2] - '0');
  if (code < 200 || code > 599) return 0;
  text.remove_prefix(std::min<size_t>(4, text.size()));
  const size_t end = std::min(text.find(' '), text.size());
  std::string_view word = text.substr(0, end);
  if (word.starts_with('#')) word.remove_prefix(1);
  const bool has_code = std::ranges::count(word, '.') == 2 &&
                        (word.starts_with('2') || word.starts_with('4') || word.starts_with('5')) &&
                        word.size() <= 9 &&
                        std::ranges::all_of(word, [](char c) { return IsDigit(c) || c == '.'; });
  if (has_code) {
    if (enhanced.empty()) enhanced = word;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return code;
}

bool SameReply(const std::optional<SmtpReply>& a, const std::optional<SmtpReply>& b) {
  if (a.has_value() != b.has_value()) return false;
  return !a.has_value() || (a->code == b->code && a->enhanced == b->enhanced && a->text == b->text);
}

}  // namespace

std::string_view LogEventName(LogEvent event) {
  switch (event) {
    case LogEvent::kDelivered:
      return "delivered";
    case LogEvent::kDeferred:
      return "deferred";
    case LogEvent::kBounced:
      return "bounced";
    case LogEvent::kRejected:
      return "rejected";
  }
  return "";
}

bool LogLine::operator==(const LogLine& other) const {
  return source == other.source && event == other.event && stage == other.stage &&
         trouble == other.trouble && SameReply(reply, other.reply);
}

std::optional<SmtpReply> ReadLoggedReply(std::string_view text) {
  SmtpReply reply;
  text = Trim(text).substr(0, kMaxLoggedReply);
  const std::string separator(text.substr(0, 3));
  reply.code = TakeCodes(text, reply.enhanced);
  if (reply.code == 0) return std::nullopt;
  // Servers log the lines of a reply behind each other, each with its codes.
  std::string words;
  while (!text.empty() && words.size() < kMaxPeerText) {
    size_t next = text.find(Concat(" ", separator, "-"));
    next = std::min(next, text.find(Concat(" ", separator, " ")));
    Append(words, words.empty() ? "" : "\n", Trim(text.substr(0, next)));
    if (next >= text.size()) break;
    text.remove_prefix(next + 1);
    TakeCodes(text, reply.enhanced);
  }
  reply.text = PeerText(words);
  return reply;
}

std::optional<LogLine> ReadLogLine(std::string_view line) {
  line = Trim(line.substr(0, kMaxLogLine));
  std::optional<LogLine> read = ReadPostfixLine(line);
  return read.has_value() ? read : ReadEximLine(line);
}

Classification ClassifyLogLine(const LogLine& line) {
  if (line.event == LogEvent::kDelivered) return {};
  if (!line.reply.has_value()) return ClassifyTrouble(line);
  return ClassifySmtpReply(line.stage, *line.reply);
}

}  // namespace postwatch
