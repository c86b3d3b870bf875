// ImapResponse: one response of an IMAP server, and the parser that reads it (RFC 3501 section 7).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace postwatch {

// The tagged answer to a command.
struct ImapStatus {
  enum class Kind { kOk, kNo, kBad } kind = Kind::kOk;
  std::string
      code;  // response code without brackets, upper-case atom first: "AUTHENTICATIONFAILED"
  std::string text;  // at most 2 KiB kept
  bool ok() const { return kind == Kind::kOk; }
};

// The atom of a response code: "UIDNEXT" of "UIDNEXT 12".
std::string_view ImapCodeAtom(const ImapStatus& status);
// What follows the atom: "12".
std::string_view ImapCodeArguments(const ImapStatus& status);

// One datum of a FETCH response.
struct ImapValue {
  enum class Kind { kAtom, kString, kNil, kList } kind = Kind::kNil;
  std::string text;  // kAtom: as sent, "BODY[HEADER.FIELDS (TO)]" is one; kString: unquoted
  std::vector<ImapValue> items;
};

// Longest literal taken, and the longest response with all of its literals.
inline constexpr size_t kMaxImapLiteral = 1024 * 1024;
inline constexpr size_t kMaxImapResponse = 2 * 1024 * 1024;
// Longest line of a response: what a Stream takes.
inline constexpr size_t kMaxImapLine = 64 * 1024;

struct ImapResponse {
  enum class Kind { kUntagged, kTagged, kContinuation } kind = Kind::kUntagged;
  std::string tag;      // of kTagged
  std::string name;     // upper-case: "OK", "NO", "BAD", "BYE", "PREAUTH", "EXISTS", "FETCH", ...
  uint32_t number = 0;  // of "* 12 EXISTS"
  // Of OK, NO, BAD, BYE and PREAUTH; the kind of the last two is kNo and kOk. The text of a
  // continuation is in `text` too.
  ImapStatus status;
  // FETCH: name, value, name, value, ...; QUOTA: root, list; LIST: attributes, delimiter, name
  std::vector<ImapValue> items;
  std::vector<uint32_t> numbers;   // SEARCH, at most 10000
  std::vector<std::string> words;  // CAPABILITY, upper-case, at most 200
};

// Reads one response from bytes in any portions; literals may stand wherever a string may, and in
// places where none should. Pure: no stream, no clock.
class ImapResponseParser {
 public:
  enum class Progress { kMore, kDone, kBroken };

  // Takes bytes up to the end of the response and says how many it took. After kDone or kBroken it
  // takes none. CRLF and bare LF both end a line.
  size_t Feed(std::string_view bytes);

  Progress progress() const { return progress_; }

  // Bytes of the current literal that are still to come; 0 between literals, when a line is due.
  size_t literal_left() const { return literal_left_; }

  // After kDone, once.
  ImapResponse Take() { return std::move(response_); }

  // After kBroken: why this is no response, with the start of it.
  const std::string& problem() const { return problem_; }

 private:
  size_t FeedLiteral(std::string_view bytes);
  void EndLine();
  bool OpenLiteral();
  void Break(std::string_view why);

  Progress progress_ = Progress::kMore;
  std::string line_;                   // not ended yet
  std::string text_;                   // ended lines; a NUL stands for each literal
  std::vector<std::string> literals_;  // in order
  size_t literal_left_ = 0;
  size_t total_ = 0;
  bool status_line_ = false;  // the first line is one of OK, NO, BAD, BYE, PREAUTH or +
  ImapResponse response_;
  std::string problem_;
};

}  // namespace postwatch
