#include "collector/scenario/padded_lines.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace postwatch::collector {
namespace {

constexpr size_t kFirstBuffer = 256 * 1024;

}  // namespace

PaddedLines::PaddedLines(Source source, size_t longest)
    : source_(std::move(source)), longest_(longest), buffer_(kFirstBuffer + kLinePadding) {}

// Makes room, then reads more. False when there is no more.
bool PaddedLines::Fill() {
  if (ended_) return false;
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (end_ + kLinePadding == buffer_.size()) buffer_.resize(end_ * 2 + kLinePadding);
  const int64_t got = source_(buffer_.data() + end_, buffer_.size() - kLinePadding - end_);
  if (got > 0) end_ += static_cast<size_t>(got);
  ended_ = got <= 0;
  broken_ = got < 0;
  return got > 0;
}

PaddedLines::Next PaddedLines::Take(std::string_view& line) {
  bool too_long = false;
  for (size_t looked = 0;;) {
    const char* from = buffer_.data() + begin_;
    const void* found = std::memchr(from + looked, '\n', end_ - begin_ - looked);
    const size_t length = found == nullptr
                              ? end_ - begin_
                              : static_cast<size_t>(static_cast<const char*>(found) - from);
    if (length > longest_) too_long = true;
    if (found != nullptr) {
      begin_ += length + 1;
      ++number_;
      if (too_long) return Next::kTooLong;
      line = {from, length};
      return Next::kLine;
    }
    looked = too_long ? 0 : length;
    if (too_long) begin_ = end_;
    if (Fill()) continue;
    if (broken_) return Next::kBroken;
    if (!too_long && begin_ == end_) return Next::kEnd;
    line = {buffer_.data() + begin_, end_ - begin_};
    begin_ = end_;
    ++number_;
    return too_long ? Next::kTooLong : Next::kLine;
  }
}

}  // namespace postwatch::collector
