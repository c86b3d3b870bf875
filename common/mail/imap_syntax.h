// IMAP syntax: how strings and mailbox names are written in commands (RFC 3501
// sections 4.3, 5.1.3).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace postwatch {

// Whether `text` may stand in a command as a quoted string; if not, it needs a literal: control
// characters, 8-bit bytes, or over 1000 bytes.
bool ImapQuotable(std::string_view text);

// The quoted string, backslash and quote escaped.
std::string ImapQuoted(std::string_view text);

// A UTF-8 mailbox name in modified UTF-7: "Entwürfe" is "Entw&APw-rfe". Bytes that are no UTF-8
// become U+FFFD.
std::string ModifiedUtf7(std::string_view utf8);

// The UTF-8 of such a name; nothing when it is not written as ModifiedUtf7 would write it.
std::optional<std::string> FromModifiedUtf7(std::string_view text);

}  // namespace postwatch
