// ImapValueReader: picks the data of an IMAP response apart (RFC 3501 section 9).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/mail/imap_response.h"

namespace postwatch {

// Reads atoms, quoted strings, literals, NIL and lists. Depth and count are bounded.
class ImapValueReader {
 public:
  // `text` holds a NUL in place of each of `literals`, which are moved from as they are read. Both
  // outlive the reader.
  ImapValueReader(std::string_view text, std::vector<std::string>& literals)
      : text_(text), literals_(literals) {}

  // The next value; nothing at the end of the text or where there is none.
  std::optional<ImapValue> Read() { return Read(0); }

 private:
  std::optional<ImapValue> Read(int depth);
  std::optional<ImapValue> ReadList(int depth);
  std::optional<ImapValue> ReadQuoted();
  std::optional<ImapValue> ReadLiteral();
  std::optional<ImapValue> ReadAtom();
  // Copies a "[...]" of an atom, with whatever stands in it.
  bool ReadSection(std::string& out);
  void SkipSpaces();
  bool AtEnd() const { return at_ >= text_.size(); }

  std::string_view text_;
  std::vector<std::string>& literals_;
  size_t at_ = 0;
  size_t next_literal_ = 0;
  size_t values_ = 0;
};

}  // namespace postwatch
