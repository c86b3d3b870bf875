// Padded lines: the lines of a stream, in large reads and without copies, each followed by bytes
// that a fast parser may read past its end.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

namespace postwatch::collector {

// How many bytes after a line may be read; what they hold means nothing.
inline constexpr size_t kLinePadding = 64;

class PaddedLines {
 public:
  // Puts at most `size` bytes at `into` and returns how many; 0 at the end, negative when the
  // stream cannot be read.
  using Source = std::function<int64_t(char* into, size_t size)>;

  // Lines longer than `longest` bytes are not kept.
  PaddedLines(Source source, size_t longest);

  enum class Next { kLine, kTooLong, kEnd, kBroken };
  // After kLine, `line` is it without its end, until the next call. A last line needs no end.
  Next Take(std::string_view& line);

  // Of the line taken last; the first is 1.
  int64_t number() const { return number_; }

 private:
  bool Fill();

  Source source_;
  size_t longest_;
  std::vector<char> buffer_;
  size_t begin_ = 0, end_ = 0;  // of what was read and not taken
  bool ended_ = false, broken_ = false;
  int64_t number_ = 0;
};

}  // namespace postwatch::collector
