#include "common/mail/imap_response.h"

#include <optional>

#include "common/base/text.h"
#include "common/mail/imap_value_reader.h"
#include "common/mail/peer_text.h"

namespace postwatch {
namespace {

constexpr char kLiteralMark = '\0';
constexpr size_t kMaxProblemText = 80;
constexpr size_t kMaxTag = 32;
constexpr size_t kMaxNumbers = 10000;
constexpr size_t kMaxWords = 200;
constexpr size_t kMaxLiterals = 1000;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Takes the text up to the next space, and the space.
std::string_view TakeWord(std::string_view& text) {
  const size_t end = text.find(' ');
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(end == text.npos ? text.size() : end + 1);
  return word;
}

// Digits only, up to 2^32-1.
std::optional<uint32_t> ParseNumber(std::string_view word) {
  if (word.empty() || word.size() > 10 || !IsDigit(word[0])) return std::nullopt;
  const std::optional<int64_t> number = ParseInteger(word);
  if (!number.has_value() || *number < 0 || *number > UINT32_MAX) return std::nullopt;
  return static_cast<uint32_t>(*number);
}

bool IsStatusName(std::string_view name) {
  return name == "OK" || name == "NO" || name == "BAD" || name == "BYE" || name == "PREAUTH";
}

ImapStatus::Kind StatusKind(std::string_view name) {
  if (name == "BAD") return ImapStatus::Kind::kBad;
  return name == "NO" || name == "BYE" ? ImapStatus::Kind::kNo : ImapStatus::Kind::kOk;
}

// resp-text: "[CODE arguments] words". Literal marks are shown as what they are: out of place.
ImapStatus ParseStatus(std::string_view name, std::string_view rest) {
  ImapStatus status;
  status.kind = StatusKind(name);
  const size_t close = rest.starts_with('[') ? rest.find(']') : rest.npos;
  if (close != rest.npos) {
    std::string_view arguments = rest.substr(1, close - 1);
    const std::string_view atom = TakeWord(arguments);
    status.code = PeerText(AsciiUpper(atom));
    if (!arguments.empty()) Append(status.code, " ", PeerText(arguments));
    rest = Trim(rest.substr(close + 1));
  }
  status.text = PeerText(rest);
  return status;
}

bool IsStatusLine(std::string_view line) {
  const std::string_view first = TakeWord(line);
  return first == "+" || IsStatusName(AsciiUpper(TakeWord(line).substr(0, kMaxTag)));
}

// Whether a "[" of a response code has been opened and not closed.
bool InResponseCode(std::string_view line) {
  const size_t open = line.find(" [");
  return open != line.npos && line.find(']', open) == line.npos;
}

bool ParseFetch(std::string_view rest, std::vector<std::string>& literals, ImapResponse& out) {
  ImapValueReader reader(rest, literals);
  std::optional<ImapValue> list = reader.Read();
  if (!list.has_value() || list->kind != ImapValue::Kind::kList) return false;
  out.items = std::move(list->items);
  return true;
}

void ParseValues(std::string_view rest, size_t count, std::vector<std::string>& literals,
                 ImapResponse& out) {
  ImapValueReader reader(rest, literals);
  while (out.items.size() < count) {
    std::optional<ImapValue> value = reader.Read();
    if (!value.has_value()) return;
    out.items.push_back(*std::move(value));
  }
}

void ParseNumbers(std::string_view rest, ImapResponse& out) {
  while (!rest.empty() && out.numbers.size() < kMaxNumbers) {
    const std::optional<uint32_t> number = ParseNumber(TakeWord(rest));
    if (number.has_value()) out.numbers.push_back(*number);
  }
}

void ParseWords(std::string_view rest, ImapResponse& out) {
  while (!rest.empty() && out.words.size() < kMaxWords) {
    const std::string_view word = TakeWord(rest);
    if (!word.empty()) out.words.push_back(AsciiUpper(PeerText(word)));
  }
}

// The text of one untagged response behind "* "; false if it is none.
bool ParseUntagged(std::string_view rest, std::vector<std::string>& literals, ImapResponse& out) {
  std::string_view word = TakeWord(rest);
  const std::optional<uint32_t> number = ParseNumber(word);
  if (number.has_value()) {
    out.number = *number;
    word = TakeWord(rest);
  }
  out.name = AsciiUpper(PeerText(word));
  if (out.name.empty()) return false;
  if (IsStatusName(out.name)) out.status = ParseStatus(out.name, rest);
  if (out.name == "SEARCH") ParseNumbers(rest, out);
  if (out.name == "CAPABILITY") ParseWords(rest, out);
  if (out.name == "QUOTA") ParseValues(rest, 2, literals, out);
  if (out.name == "LIST") ParseValues(rest, 3, literals, out);
  return out.name != "FETCH" || ParseFetch(rest, literals, out);
}

bool IsTag(std::string_view word) {
  if (word.empty() || word.size() > kMaxTag) return false;
  for (const char c : word) {
    const bool alphanumeric = IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!alphanumeric) return false;
  }
  return true;
}

bool ParseResponse(std::string_view text, std::vector<std::string>& literals, ImapResponse& out) {
  const std::string_view first = TakeWord(text);
  if (first == "+") {
    out.kind = ImapResponse::Kind::kContinuation;
    out.status.text = PeerText(text);
    return true;
  }
  if (first == "*") return ParseUntagged(text, literals, out);
  out.kind = ImapResponse::Kind::kTagged;
  out.tag = std::string(first);
  out.name = AsciiUpper(TakeWord(text));
  out.status = ParseStatus(out.name, text);
  return IsTag(first) && (out.name == "OK" || out.name == "NO" || out.name == "BAD");
}

}  // namespace

std::string_view ImapCodeAtom(const ImapStatus& status) {
  const std::string_view code = status.code;
  return code.substr(0, code.find(' '));
}

std::string_view ImapCodeArguments(const ImapStatus& status) {
  const size_t space = status.code.find(' ');
  return space == std::string::npos ? "" : std::string_view(status.code).substr(space + 1);
}

size_t ImapResponseParser::Feed(std::string_view bytes) {
  size_t used = 0;
  while (used < bytes.size() && progress_ == Progress::kMore) {
    if (literal_left_ > 0) {
      used += FeedLiteral(bytes.substr(used));
      continue;
    }
    const size_t end = bytes.find('\n', used);
    const size_t stop = end == bytes.npos ? bytes.size() : end;
    line_ += bytes.substr(used, stop - used);
    used = end == bytes.npos ? stop : end + 1;
    if (line_.size() > kMaxImapLine + 1) {
      Break("a line over 64 KiB");
    } else if (end != bytes.npos) {
      EndLine();
    }
  }
  return used;
}

size_t ImapResponseParser::FeedLiteral(std::string_view bytes) {
  const size_t taken = std::min(bytes.size(), literal_left_);
  literals_.back() += bytes.substr(0, taken);
  literal_left_ -= taken;
  return taken;
}

void ImapResponseParser::EndLine() {
  if (line_.ends_with('\r')) line_.pop_back();
  for (char& c : line_) {
    if (c == kLiteralMark) c = '?';  // RFC 3501 allows no NUL; here it has a meaning of its own
  }
  total_ += line_.size() + 2;
  if (total_ > kMaxImapResponse) return Break("a response over 2 MiB");
  const bool literal = OpenLiteral();
  if (progress_ == Progress::kBroken) return;
  text_ += line_;
  line_.clear();
  if (literal) {
    text_ += kLiteralMark;
    return;
  }
  if (ParseResponse(text_, literals_, response_)) {
    progress_ = Progress::kDone;
  } else {
    Break("not an IMAP response");
  }
}

// Takes a "{n}", "{n+}" or "~{n}" off the end of the line (RFC 3501, 7888, 3516).
bool ImapResponseParser::OpenLiteral() {
  std::string_view line = line_;
  if (!line.ends_with('}')) return false;
  const size_t open = line.rfind('{');
  if (literals_.empty()) status_line_ = IsStatusLine(line);
  // The words of a status response are free text; only its response code may hold a literal.
  if (open == line.npos || (status_line_ && !InResponseCode(Concat(text_, line)))) return false;
  std::string_view digits = line.substr(open + 1, line.size() - open - 2);
  if (digits.ends_with('+')) digits.remove_suffix(1);
  if (digits.empty() || digits.find_first_not_of("0123456789") != digits.npos) return false;
  const std::optional<int64_t> size = digits.size() > 10 ? std::nullopt : ParseInteger(digits);
  if (!size.has_value() || *size > static_cast<int64_t>(kMaxImapLiteral)) {
    Break("a literal over 1 MiB");
    return false;
  }
  total_ += static_cast<size_t>(*size);
  if (total_ > kMaxImapResponse || literals_.size() == kMaxLiterals) {
    Break("a response over 2 MiB or of too many literals");
    return false;
  }
  literal_left_ = static_cast<size_t>(*size);
  literals_.emplace_back();
  const bool binary = open > 0 && line[open - 1] == '~';
  line_.resize(binary ? open - 1 : open);
  return true;
}

void ImapResponseParser::Break(std::string_view why) {
  progress_ = Progress::kBroken;
  literal_left_ = 0;
  const std::string start = Concat(text_, line_);
  problem_ = Concat(why, ": '", PeerText(start, kMaxProblemText), "'");
}

}  // namespace postwatch
