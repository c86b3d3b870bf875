// SocketError: what a failed socket or TLS operation means, as a NetStatus.
#pragma once

#include <boost/system/error_code.hpp>
#include <string_view>

#include "absl/status/status.h"

namespace postwatch {

// "read from 192.0.2.1:25: connection reset by peer" with the NetError that fits. `doing` says what
// was attempted.
absl::Status SocketStatus(const boost::system::error_code& error, std::string_view doing);

}  // namespace postwatch
