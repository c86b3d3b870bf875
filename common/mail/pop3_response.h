// Pop3Response: what a POP3 server says: status lines, and the lines behind them (RFC 1939, 2449).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postwatch {

// One status line.
struct Pop3Status {
  enum class Kind { kOk, kError, kContinuation } kind = Kind::kOk;
  std::string code;  // response code without brackets, upper case: "IN-USE", "SYS/TEMP" (RFC 2449)
  std::string text;  // at most 2 KiB kept; of a continuation, the challenge
  bool ok() const { return kind == Kind::kOk; }
};

// Longest status line taken; RFC 2449 section 4 says 512, continuations may be longer.
inline constexpr size_t kMaxPop3Line = 4096;

// Nothing when `line` is neither "+OK", "-ERR" nor "+ ". Without its line end.
std::optional<Pop3Status> ParsePop3Status(std::string_view line);

// The message count and size of "+OK 3 4096"; nothing when there are no two numbers.
struct Pop3Drop {
  uint32_t messages = 0;
  uint64_t bytes = 0;
};
std::optional<Pop3Drop> ParsePop3Drop(std::string_view text);

// One line of UIDL: "1 whqtswO00WBw418f9t5JxYwZ". The id is 1 to 70 printable characters.
struct Pop3Entry {
  uint32_t number = 0;
  std::string uid;
  bool operator==(const Pop3Entry&) const = default;
};
std::optional<Pop3Entry> ParsePop3Entry(std::string_view line);

// The end of what stands behind a "+OK": a lone dot.
bool EndsPop3Lines(std::string_view line);
// A line before that, without the dot that was put before a leading dot (RFC 1939 section 3).
std::string_view UnstuffPop3Line(std::string_view line);

// What CAPA says, upper-case keyword and parameters, one a line; at most 100 are kept.
class Pop3Capabilities {
 public:
  void Add(std::string_view line);
  void Clear() { lines_.clear(); }
  bool empty() const { return lines_.empty(); }
  bool Has(std::string_view keyword) const;
  // The words behind the keyword: of "SASL PLAIN SCRAM-SHA-256", the mechanisms.
  std::vector<std::string> Words(std::string_view keyword) const;

 private:
  std::vector<std::string> lines_;
};

}  // namespace postwatch
