// MIME: just enough reading of a message to find its headers and the text of its parts (RFC 5322,
// 2045, 2046). Views into the message; bounded, and tolerant of anything.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace postwatch {

// The values of all header fields of this name, unfolded and trimmed, first at most 10.
std::vector<std::string> HeaderFields(std::string_view headers, std::string_view name);

// The first of them, or "".
std::string HeaderField(std::string_view headers, std::string_view name);

// A message or part, split at its first empty line.
struct MimeEntity {
  std::string_view headers;
  std::string_view body;
};
MimeEntity SplitEntity(std::string_view message);

// A part that holds no parts. message/rfc822 counts as one and is not opened.
struct MimeLeaf {
  std::string type;  // lower-case, "text/plain" when not told
  std::string text;  // the transfer encoding undone
};

// The leaves in order: at most 50, nested at most 8 deep.
std::vector<MimeLeaf> MimeLeaves(std::string_view message);

// The lower-case media type of a Content-Type value: "text/plain".
std::string MediaType(std::string_view content_type);

// Undoes quoted-printable or base64, in any case of letters; any other encoding is no encoding.
// Malformed input gives what can be had of it.
std::string DecodeTransfer(std::string_view body, std::string_view encoding);

// Quoted-printable of a text with CRLF line ends, lines of at most 76 (RFC 2045 section 6.7).
std::string EncodeQuotedPrintable(std::string_view text);

}  // namespace postwatch
