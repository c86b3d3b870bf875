#include "common/mail/smtp_reply.h"

#include "common/base/text.h"
#include "common/mail/peer_text.h"

namespace postwatch {
namespace {

constexpr size_t kMaxLines = 100;
constexpr size_t kMaxProblemText = 80;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Three digits, the first of them 2 to 5; 0 otherwise.
int ParseCode(std::string_view line) {
  if (line.size() < 3 || line[0] < '2' || line[0] > '5') return 0;
  if (!IsDigit(line[1]) || !IsDigit(line[2])) return 0;
  return (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
}

// Takes "5.1.1 " (RFC 3463) off the front of `text`; some gateways write "#5.1.1 ".
std::string TakeEnhancedCode(std::string_view& text) {
  std::string_view rest = text;
  if (rest.starts_with('#')) rest.remove_prefix(1);
  size_t at = 0;
  if (rest.empty() || (rest[0] != '2' && rest[0] != '4' && rest[0] != '5')) return "";
  ++at;
  for (int field = 0; field < 2; ++field) {
    if (at >= rest.size() || rest[at] != '.') return "";
    const size_t digits = ++at;
    while (at < rest.size() && IsDigit(rest[at]) && at - digits < 3) ++at;
    if (at == digits) return "";
  }
  if (at < rest.size() && rest[at] != ' ' && rest[at] != '\t') return "";
  std::string code(rest.substr(0, at));
  rest.remove_prefix(at);
  while (!rest.empty() && (rest[0] == ' ' || rest[0] == '\t')) rest.remove_prefix(1);
  text = rest;
  return code;
}

}  // namespace

size_t SmtpReplyParser::Feed(std::string_view bytes) {
  size_t used = 0;
  while (used < bytes.size() && progress_ == Progress::kMore) {
    const size_t end = bytes.find('\n', used);
    const size_t stop = end == bytes.npos ? bytes.size() : end;
    line_ += bytes.substr(used, stop - used);
    used = end == bytes.npos ? stop : end + 1;
    if (line_.size() > kMaxSmtpLine + 1) {
      Break("a line over 4 KiB");
    } else if (end != bytes.npos) {
      EndLine();
    }
  }
  return used;
}

void SmtpReplyParser::EndLine() {
  if (line_.ends_with('\r')) line_.pop_back();
  if (line_.size() > kMaxSmtpLine) return Break("a line over 4 KiB");
  const int code = ParseCode(line_);
  const char mark = line_.size() > 3 ? line_[3] : ' ';
  if (code == 0 || (mark != ' ' && mark != '-')) return Break("not a reply line");
  if (reply_.code != 0 && code != reply_.code) return Break("lines with different codes");
  if (lines_.size() == kMaxLines) return Break("a reply of over 100 lines");
  reply_.code = code;
  lines_.push_back(line_.size() > 4 ? line_.substr(4) : "");
  line_.clear();
  if (mark == ' ') Finish();
}

void SmtpReplyParser::Break(std::string_view why) {
  progress_ = Progress::kBroken;
  problem_ = Concat(why, ": '", PeerText(line_, kMaxProblemText), "'");
}

void SmtpReplyParser::Finish() {
  progress_ = Progress::kDone;
  std::string text;
  for (std::string_view line : lines_) {
    std::string enhanced = TakeEnhancedCode(line);
    if (reply_.enhanced.empty()) reply_.enhanced = std::move(enhanced);
    if (text.size() > kMaxPeerText) continue;
    text += line;
    text += '\n';
  }
  if (!text.empty()) text.pop_back();
  reply_.text = PeerText(text);
}

}  // namespace postwatch
