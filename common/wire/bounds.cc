#include "common/wire/bounds.h"

#include <cstring>

#include "common/base/text.h"

namespace postwatch {
namespace {

// The length of the valid UTF-8 sequence at the start of `text`, 0 when there is none (RFC 3629).
size_t SequenceLength(std::string_view text) {
  const auto byte = [text](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  const size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  // Overlong forms, surrogates, and what lies beyond U+10FFFF.
  if (lead == 0xe0 && byte(1) < 0xa0) return 0;
  if (lead == 0xed && byte(1) > 0x9f) return 0;
  if (lead == 0xf0 && byte(1) < 0x90) return 0;
  if (lead == 0xf4 && byte(1) > 0x8f) return 0;
  return length;
}

// How many bytes of plain ASCII it begins with, at least in steps of a word: nearly all text is
// that.
size_t AsciiPrefix(std::string_view text) {
  constexpr uint64_t kHighBits = 0x8080808080808080;
  size_t length = 0;
  for (uint64_t word; text.size() - length >= sizeof word; length += sizeof word) {
    std::memcpy(&word, text.data() + length, sizeof word);
    if ((word & kHighBits) != 0) break;
  }
  return length;
}

}  // namespace

bool Bounds::That(std::string_view field, bool holds, std::string_view what) {
  if (!holds && status_.ok()) {
    status_ = absl::InvalidArgumentError(Concat(message_, ".", field, ": ", what));
  }
  return holds;
}

bool Bounds::Length(std::string_view field, std::string_view text, size_t low, size_t high) {
  if (text.size() >= low && text.size() <= high) return true;
  return That(field, false,
              text.empty()
                  ? "is missing"
                  : Concat("has ", text.size(), " bytes, allowed are ", low, " to ", high));
}

bool Bounds::Count(std::string_view field, int64_t count, int64_t high) {
  if (count <= high) return true;
  return That(field, false, Concat("has ", count, " items, allowed are ", high));
}

bool Bounds::Within(std::string_view field, absl::Duration value, absl::Duration low,
                    absl::Duration high) {
  if (value >= low && value <= high) return true;
  return That(field, false,
              Concat(absl::FormatDuration(value), " is not between ", absl::FormatDuration(low),
                     " and ", absl::FormatDuration(high)));
}

bool Bounds::Part(std::string_view field, const absl::Status& status) {
  if (status.ok()) return true;
  return That(field, false, FromAbsl(status.message()));
}

bool IsRandomId(std::string_view text) {
  if (text.size() != 32) return false;
  for (const char c : text) {
    if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) return false;
  }
  return true;
}

bool IsUtf8(std::string_view text) {
  text.remove_prefix(AsciiPrefix(text));
  while (!text.empty()) {
    const size_t length = SequenceLength(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string ToUtf8(std::string_view text) {
  if (IsUtf8(text)) return std::string(text);
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const size_t length = SequenceLength(text);
    if (length == 0) {
      out.push_back('?');
      text.remove_prefix(1);
    } else {
      out.append(text.substr(0, length));
      text.remove_prefix(length);
    }
  }
  return out;
}

}  // namespace postwatch
