// DsnRequest: the parameters of MAIL and RCPT that ask for notices about a delivery (RFC 3461).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace postwatch {

// RET=HDRS, for a notice that quotes no text, and ENVID, by which it names the letter; that is left
// out where it would be longer than the 100 characters that are allowed.
std::vector<std::string> DsnMailParameters(std::string_view envelope_id);

// NOTIFY=FAILURE,DELAY and ORCPT, the address that the letter was sent to.
std::vector<std::string> DsnRcptParameters(std::string_view recipient);

}  // namespace postwatch
