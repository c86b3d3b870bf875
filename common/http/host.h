// Host: whom a request says it is for, and whether that is us.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace postwatch {

// The host of a Host header (RFC 9112 section 3.2) or of a URL's authority: in lower case, without
// port, brackets, user name and the root's dot. Empty when the text is no host.
std::string HostOf(std::string_view authority);

// The host of "https://name:port/path"; empty when there is none.
std::string HostOfUrl(std::string_view url);

// Whether this is a host as HostOf writes it: what a configuration may list.
bool IsPlainHost(std::string_view text);

// Whether a server that is called `names` (lower case) should answer to this Host header. IP
// addresses and localhost always pass: a name that somebody else's DNS points at us (DNS rebinding)
// is neither, and such a page must not read what we tell our own user.
bool IsOurHost(std::string_view header, std::span<const std::string> names);

}  // namespace postwatch
