// SmtpReply: one reply of an SMTP server, and the parser that reads it (RFC 5321 section 4.2).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace postwatch {

// One SMTP reply, all lines joined with '\n' and the codes stripped (RFC 5321 section 4.2).
struct SmtpReply {
  int code = 0;          // 200-599
  std::string enhanced;  // "5.1.1" or empty; from the first line that has one (RFC 2034)
  std::string text;      // at most 2 KiB kept
  bool positive() const { return code >= 200 && code < 300; }
  bool intermediate() const { return code >= 300 && code < 400; }
};

// Longest line taken from a server; RFC 5321 section 4.5.3.1.5 says 512, real servers exceed it.
inline constexpr size_t kMaxSmtpLine = 4096;

// Reads one reply from bytes in any portions. Pure: no stream, no clock.
class SmtpReplyParser {
 public:
  enum class Progress { kMore, kDone, kBroken };

  // Takes bytes up to the end of the reply and says how many it took. After kDone or kBroken it
  // takes none. CRLF and bare LF both end a line.
  size_t Feed(std::string_view bytes);

  Progress progress() const { return progress_; }

  // After kDone.
  const SmtpReply& reply() const { return reply_; }

  // After kDone: the text of each line, codes stripped, nothing else changed (for EHLO).
  const std::vector<std::string>& lines() const { return lines_; }

  // After kBroken: why this is no reply, with the start of the offending line.
  const std::string& problem() const { return problem_; }

 private:
  void EndLine();
  void Break(std::string_view why);
  void Finish();

  Progress progress_ = Progress::kMore;
  std::string line_;  // not ended yet
  std::vector<std::string> lines_;
  SmtpReply reply_;
  std::string problem_;
};

}  // namespace postwatch
