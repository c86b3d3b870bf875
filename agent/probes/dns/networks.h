// Networks: which addresses stand and fall together, as far as the addresses themselves tell.
#pragma once

#include <string_view>

namespace postwatch::agent {

// Whether two address literals are in the same /24 of IPv4 or /48 of IPv6: smaller networks are not
// announced to the Internet on their own.
bool InOneNetwork(std::string_view a, std::string_view b);

}  // namespace postwatch::agent
