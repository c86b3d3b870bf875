// Host settings: names of servers as people write them.
#pragma once

#include <string>
#include <string_view>

#include "common/model/settings.h"

namespace postwatch {

// What is wrong with `text` as the name of a host ("" when nothing is): letters, digits, '-', '_'
// and '.', up to 253 bytes. A port or a URL is not part of it.
std::string HostNameMistake(const std::string& text);

// What is wrong with `text` as an IPv4 or IPv6 address, without brackets; "" when nothing is.
std::string IpMistake(const std::string& text);

// A host name or an IP address; "" when it is absent.
std::string ReadHost(SettingsReader& in, std::string_view key);

}  // namespace postwatch
