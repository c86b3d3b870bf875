// SPF evaluation: whether an address may send a domain's mail, as a receiver finds it out.
#pragma once

#include <string>
#include <string_view>

#include "common/dns/resolver.h"

namespace postwatch {

// RFC 7208 section 2.6.
enum class SpfResult { kNone, kNeutral, kPass, kFail, kSoftFail, kTempError, kPermError };

// "none", "neutral", "pass", "fail", "softfail", "temperror", "permerror".
std::string_view SpfResultName(SpfResult result);

inline constexpr int kMaxSpfLookups = 10;     // section 4.6.4
inline constexpr int kMaxSpfVoidLookups = 2;  // section 4.6.4

struct SpfQuery {
  std::string ip;      // an address literal
  std::string domain;  // whose record decides
  std::string sender;  // the envelope sender; "" stands for postmaster of the domain
  std::string helo;    // "" stands for the domain
};

struct SpfVerdict {
  SpfResult result = SpfResult::kNone;
  int lookups = 0;       // terms evaluated that need one
  int void_lookups = 0;  // of those, the ones that found nothing
  // The way to what decided: "include:a.example -> ip4:192.0.2.0/24"; of an error with what is
  // wrong there: "include:a.example -> include:b.example: no SPF record".
  std::string why;
};

// check_host() of RFC 7208 section 4: what a receiver that sees mail from `query.ip` concludes. A
// lookup that fails (SERVFAIL, no answer) is a temperror, never an absent record. The explanation
// (exp=) is not fetched.
Task<SpfVerdict> CheckSpf(Resolver& resolver, SpfQuery query);

}  // namespace postwatch
