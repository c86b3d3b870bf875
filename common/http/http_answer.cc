#include "common/http/http_answer.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "common/base/text.h"
#include "common/net/net_error.h"

namespace postwatch {
namespace {

constexpr int kMaxInterim = 4;
constexpr size_t kMaxChunkLine = 256;  // a size and its extensions
constexpr size_t kMaxChunkDigits = 8;
constexpr size_t kRestPortion = 16 * 1024;

constexpr std::string_view kTokenMarks = "!#$%&'*+-.^_`|~";  // RFC 9110 section 5.6.2

bool IsAlnum(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool IsToken(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return IsAlnum(c) || kTokenMarks.find(c) != kTokenMarks.npos;
  });
}

bool HasControl(std::string_view text) {
  return std::ranges::any_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t') || byte == 0x7f;
  });
}

absl::Status Broken(std::string_view what) {
  return absl::InvalidArgumentError(Concat("http protocol: ", what));
}

std::optional<size_t> ParseHex(std::string_view text) {
  if (text.empty() || text.size() > kMaxChunkDigits) return std::nullopt;
  size_t value = 0;
  for (const char c : text) {
    const char lower = c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
    int digit = 0;
    if (lower >= '0' && lower <= '9') {
      digit = lower - '0';
    } else if (lower >= 'a' && lower <= 'f') {
      digit = lower - 'a' + 10;
    } else {
      return std::nullopt;
    }
    value = value * 16 + static_cast<size_t>(digit);
  }
  return value;
}

}  // namespace

std::string_view HttpAnswer::Header(std::string_view name) const {
  const auto found = headers.find(std::string(name));
  return found == headers.end() ? std::string_view() : found->second;
}

HttpAnswerParser::Wants HttpAnswerParser::wants() const {
  switch (state_) {
    case State::kStatus:
    case State::kHeaders:
    case State::kChunkSize:
    case State::kChunkEnd:
    case State::kTrailers:
      return Wants::kLine;
    case State::kBody:
    case State::kChunk:
      return Wants::kBytes;
    case State::kRest:
      return Wants::kRest;
    case State::kDone:
      return Wants::kNothing;
  }
  return Wants::kNothing;
}

size_t HttpAnswerParser::count() const {
  switch (state_) {
    case State::kChunkSize:
      return kMaxChunkLine;
    case State::kChunkEnd:
      return 0;
    case State::kBody:
    case State::kChunk:
      return due_;
    case State::kRest:
      // One byte more than fits, to see that there is more.
      return std::min(limits_.body_bytes - answer_.body.size() + 1, kRestPortion);
    default:
      return limits_.header_bytes - std::min(header_bytes_, limits_.header_bytes);
  }
}

absl::Status HttpAnswerParser::TakeLine(std::string_view line) {
  if (state_ == State::kChunkSize) return TakeChunkSize(line);
  if (state_ == State::kChunkEnd) {
    if (!line.empty()) return Broken("a chunk is longer than its size");
    state_ = State::kChunkSize;
    return absl::OkStatus();
  }
  header_bytes_ += line.size() + 2;
  if (header_bytes_ > limits_.header_bytes) {
    return NetStatus(NetError::kTooLong, Concat("the headers of the HTTP answer are over ",
                                                limits_.header_bytes, " bytes"));
  }
  if (state_ == State::kStatus) return TakeStatusLine(line);
  return TakeHeaderLine(line);
}

// "HTTP/1.1 200 OK"; the reason may be missing with its space.
absl::Status HttpAnswerParser::TakeStatusLine(std::string_view line) {
  constexpr size_t kVersion = 8;
  const bool shaped = line.starts_with("HTTP/1.") && line.size() >= kVersion + 4 &&
                      line[kVersion - 1] >= '0' && line[kVersion - 1] <= '9' &&
                      line[kVersion] == ' ' &&
                      (line.size() == kVersion + 4 || line[kVersion + 4] == ' ');
  const std::optional<int64_t> status =
      shaped ? ParseInteger(line.substr(kVersion + 1, 3)) : std::nullopt;
  if (!status.has_value() || *status < 100 || *status > 599) {
    return Broken("the answer does not begin with an HTTP/1 status line");
  }
  answer_.status = static_cast<int>(*status);
  state_ = State::kHeaders;
  return absl::OkStatus();
}

absl::Status HttpAnswerParser::TakeHeaderLine(std::string_view line) {
  if (line.empty()) {
    if (state_ == State::kHeaders) return BeginBody();
    state_ = State::kDone;
    return absl::OkStatus();
  }
  const size_t colon = line.find(':');
  if (colon == line.npos || !IsToken(line.substr(0, colon))) {
    return Broken("a header line is no name and value");
  }
  const std::string_view value = Trim(line.substr(colon + 1));
  if (HasControl(value)) return Broken("a header has control characters");
  if (state_ == State::kTrailers) return absl::OkStatus();
  const auto [at, fresh] = answer_.headers.try_emplace(AsciiLower(line.substr(0, colon)), value);
  if (!fresh) Append(at->second, ", ", value);
  return absl::OkStatus();
}

// RFC 9112 section 6.3. An answer with both a length and chunks is taken for an attempt to smuggle
// one answer into another.
absl::Status HttpAnswerParser::BeginBody() {
  if (answer_.status < 200) {
    if (answer_.status == 101 || ++interim_ > kMaxInterim)
      return Broken("too many interim answers");
    answer_ = {};
    state_ = State::kStatus;
    return absl::OkStatus();
  }
  const bool chunked = answer_.headers.contains("transfer-encoding");
  const bool counted = answer_.headers.contains("content-length");
  if (head_ || answer_.status == 204 || answer_.status == 304) {
    state_ = State::kDone;
  } else if (chunked && counted) {
    return Broken("the answer has both Content-Length and Transfer-Encoding");
  } else if (chunked) {
    if (!EqualsIgnoreCase(answer_.Header("transfer-encoding"), "chunked")) {
      return Broken("the answer has a Transfer-Encoding other than chunked");
    }
    state_ = State::kChunkSize;
  } else if (counted) {
    return BeginCounted(answer_.Header("content-length"));
  } else {
    state_ = State::kRest;
  }
  return absl::OkStatus();
}

absl::Status HttpAnswerParser::BeginCounted(std::string_view length) {
  const std::vector<std::string_view> values = Split(length, ',');
  for (const std::string_view value : values) {
    if (Trim(value) != Trim(values.front())) return Broken("the answer has two Content-Lengths");
  }
  const std::string_view digits = Trim(values.front());
  const bool plain = !digits.empty() && digits.size() <= 15 &&
                     std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; });
  const std::optional<int64_t> size = plain ? ParseInteger(digits) : std::nullopt;
  if (!size.has_value()) return Broken("Content-Length is no number");
  due_ = static_cast<size_t>(*size);
  if (due_ > limits_.body_bytes) return TooLongBody();
  state_ = due_ == 0 ? State::kDone : State::kBody;
  return absl::OkStatus();
}

absl::Status HttpAnswerParser::TakeChunkSize(std::string_view line) {
  const std::optional<size_t> size = ParseHex(Trim(line.substr(0, line.find(';'))));
  if (!size.has_value()) return Broken("the size of a chunk is no number");
  if (*size > limits_.body_bytes - answer_.body.size()) return TooLongBody();
  due_ = *size;
  state_ = due_ == 0 ? State::kTrailers : State::kChunk;
  return absl::OkStatus();
}

absl::Status HttpAnswerParser::TakeBytes(std::string_view bytes) {
  if (bytes.size() > limits_.body_bytes - answer_.body.size()) return TooLongBody();
  answer_.body += bytes;
  if (state_ == State::kRest) return absl::OkStatus();
  due_ = 0;
  state_ = state_ == State::kChunk ? State::kChunkEnd : State::kDone;
  return absl::OkStatus();
}

absl::Status HttpAnswerParser::TooLongBody() const {
  return NetStatus(NetError::kTooLong,
                   Concat("the body of the HTTP answer is over ", limits_.body_bytes, " bytes"));
}

HttpAnswer HttpAnswerParser::Take() { return std::move(answer_); }

}  // namespace postwatch
