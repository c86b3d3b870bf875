// Ids: random identifiers and names safe to use as identifiers.
#pragma once

#include <string>
#include <string_view>

namespace postwatch {

// 128 random bits from the operating system, as 32 lower-case hex digits.
std::string RandomId();

// Random bytes from the operating system. Aborts if there are none: nothing of ours is safe then.
std::string RandomBytes(size_t count);

// A uniform number in [0, 1), for jitter; not for secrets.
double RandomUnit();

// Lower-case letters, digits, '.', '-' and '_'; 1 to 63 characters: what agents, regions, providers
// and checks may be called, so that names are safe in URLs, labels, SPIFFE paths and SQL.
bool IsName(std::string_view text);

// A domain name of at least two labels, in lower case, without the final dot (RFC 1035
// section 2.3.1, with underscores allowed); an internationalised one must be given in its ASCII
// form.
bool IsDomainName(std::string_view text);

}  // namespace postwatch
