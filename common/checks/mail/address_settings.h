// Address settings: mail addresses as people write them.
#pragma once

#include <string>
#include <string_view>

#include "common/model/settings.h"

namespace postwatch {

// What is wrong with `text` as a mail address ("" when nothing is): something on both sides of an
// '@', without blanks, control characters and angle brackets, up to 254 bytes.
std::string AddressMistake(const std::string& text);

// An address at `domain` itself; "" when it is absent. A mail server is asked about mailboxes of
// the domain it serves and of no other.
std::string ReadAddressAt(SettingsReader& in, std::string_view key, std::string_view domain);

// `own: true`, without which it is a mistake: what the check tries, one does at one's own servers
// only.
void ReadOwn(SettingsReader& in);

}  // namespace postwatch
