#include "common/mail/pop3_response.h"

#include <algorithm>

#include "common/base/text.h"
#include "common/mail/peer_text.h"

namespace postwatch {
namespace {

constexpr size_t kMaxCapabilities = 100;
constexpr size_t kMaxCapability = 512;
constexpr size_t kMaxUid = 70;  // RFC 1939 section 7
constexpr size_t kMaxCode = 64;

// Takes "[IN-USE] " off the front of `text`.
std::string TakeCode(std::string_view& text) {
  if (!text.starts_with('[')) return "";
  const size_t end = text.find(']');
  if (end == text.npos || end < 2 || end > kMaxCode) return "";
  const std::string_view code = text.substr(1, end - 1);
  const bool clean =
      std::all_of(code.begin(), code.end(), [](char c) { return c > ' ' && c < 0x7F && c != '['; });
  if (!clean) return "";
  text = Trim(text.substr(end + 1));
  return AsciiUpper(code);
}

// The next word of `text`, taken off its front.
std::string_view TakeWord(std::string_view& text) {
  text = Trim(text);
  const std::string_view word = text.substr(0, text.find(' '));
  text.remove_prefix(word.size());
  return word;
}

std::optional<int64_t> TakeNumber(std::string_view& text, int64_t limit) {
  const std::optional<int64_t> number = ParseInteger(TakeWord(text));
  if (!number.has_value() || *number < 0 || *number > limit) return std::nullopt;
  return number;
}

}  // namespace

std::optional<Pop3Status> ParsePop3Status(std::string_view line) {
  if (line.size() > kMaxPop3Line) return std::nullopt;
  Pop3Status status;
  std::string_view rest;
  if (StartsWithIgnoreCase(line, "+OK")) {
    rest = line.substr(3);
  } else if (StartsWithIgnoreCase(line, "-ERR")) {
    status.kind = Pop3Status::Kind::kError;
    rest = line.substr(4);
  } else if (line == "+" || line.starts_with("+ ")) {
    status.kind = Pop3Status::Kind::kContinuation;
    status.text = PeerText(Trim(line.substr(1)));
    return status;
  } else {
    return std::nullopt;
  }
  if (!rest.empty() && rest[0] != ' ' && rest[0] != '\t') return std::nullopt;
  rest = Trim(rest);
  status.code = TakeCode(rest);
  status.text = PeerText(rest);
  return status;
}

std::optional<Pop3Drop> ParsePop3Drop(std::string_view text) {
  const std::optional<int64_t> messages = TakeNumber(text, UINT32_MAX);
  const std::optional<int64_t> bytes = TakeNumber(text, INT64_MAX);
  if (!messages.has_value() || !bytes.has_value()) return std::nullopt;
  return Pop3Drop{static_cast<uint32_t>(*messages), static_cast<uint64_t>(*bytes)};
}

std::optional<Pop3Entry> ParsePop3Entry(std::string_view line) {
  const std::optional<int64_t> number = TakeNumber(line, UINT32_MAX);
  if (!number.has_value() || *number < 1) return std::nullopt;
  const std::string_view uid = TakeWord(line);
  const bool clean =
      std::all_of(uid.begin(), uid.end(), [](char c) { return c > ' ' && c < 0x7F; });
  if (uid.empty() || uid.size() > kMaxUid || !clean) return std::nullopt;
  return Pop3Entry{static_cast<uint32_t>(*number), std::string(uid)};
}

bool EndsPop3Lines(std::string_view line) { return line == "."; }

std::string_view UnstuffPop3Line(std::string_view line) {
  return line.starts_with('.') ? line.substr(1) : line;
}

void Pop3Capabilities::Add(std::string_view line) {
  if (lines_.size() < kMaxCapabilities) {
    lines_.push_back(AsciiUpper(Trim(line.substr(0, kMaxCapability))));
  }
}

bool Pop3Capabilities::Has(std::string_view keyword) const {
  return std::any_of(lines_.begin(), lines_.end(), [&](std::string_view line) {
    return line.substr(0, line.find(' ')) == keyword;
  });
}

std::vector<std::string> Pop3Capabilities::Words(std::string_view keyword) const {
  std::vector<std::string> words;
  for (std::string_view line : lines_) {
    if (TakeWord(line) != keyword) continue;
    for (const std::string_view word : Split(line, ' ')) {
      if (!word.empty()) words.emplace_back(word);
    }
  }
  return words;
}

}  // namespace postwatch
