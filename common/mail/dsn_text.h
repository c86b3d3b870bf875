// DsnText: looks for a recipient and a server's reply in the words of a bounce written for people.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/mail/dsn.h"

namespace postwatch {

// What of `headers` and `text` (the first text part, decoded) is a notice about a delivery; nothing
// when neither looks like one. Fills form and recipients.
std::optional<Dsn> ReadDsnText(std::string_view headers, std::string_view text);

// Sets reply, told_code and cause from words that may hold "550 5.1.1 text" or "#5.1.1". `status`
// is an enhanced code known from elsewhere, "" for none; a code in the words counts more.
void ReadDsnReply(std::string_view words, std::string_view status, DsnRecipient& recipient);

}  // namespace postwatch
