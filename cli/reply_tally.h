// Reply tally: counts what the lines of a mail log, or bare replies, say, by class and rule.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>

#include "common/mail/dsn.h"
#include "common/mail/log_line.h"
#include "common/mail/smtp_reply.h"

namespace postwatch::cli {

// Uses the same memory for any number of lines: counts by class and rule, and at most 10 000 texts
// that no rule was written for. What is kept of a text is its shape: no address, name with digits,
// number or identifier.
class ReplyTally {
 public:
  // Bare replies are judged as said at `stage`.
  explicit ReplyTally(SmtpStage stage) : stage_(stage) {}

  // A line of a log, or of a reply ("550-5.1.1 ...", over several lines), without its end.
  void Take(std::string_view line);
  void TakeTooLong();
  // The recipients of a bounce.
  void Take(const Dsn& dsn);

  // A table for people; with `unknown`, the texts that no rule was written for instead.
  std::string Text(bool unknown) const;
  // One object, see docs/classify.md.
  std::string Json() const;

  uint64_t understood() const { return understood_; }

 private:
  struct Row {
    uint64_t count = 0;
    std::string example;  // the shape of the first
  };
  // Class, rule, event.
  using Key = std::tuple<std::string_view, std::string_view, std::string_view>;

  bool TakeBare(std::string_view line);
  void Count(std::string_view event, const Classification& cause, std::string_view words);

  const SmtpStage stage_;
  SmtpReplyParser bare_;  // a reply that has begun
  bool in_bare_ = false;
  uint64_t lines_ = 0, understood_ = 0, delivered_ = 0, too_long_ = 0, unknown_left_out_ = 0;
  std::map<Key, Row> rows_;
  std::map<std::string, uint64_t, std::less<>> unknown_;
};

}  // namespace postwatch::cli
