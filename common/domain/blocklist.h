// Blocklist: DNS lists of addresses and domains that send spam, and what their answers mean
// (RFC 5782).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "common/dns/resolver.h"

namespace postwatch {

struct BlocklistCode {
  std::string codes;    // "127.0.0.2", or the last byte of several: "127.0.0.4-7"
  std::string meaning;  // "XBL: a hijacked machine"
};

struct Blocklist {
  std::string zone;
  bool of_domains = false;           // of names, not of addresses
  std::vector<BlocklistCode> codes;  // may be empty: every code means "listed"
};

// Whether the text is "127.x.y.z" or "127.x.y.z-w".
bool IsBlocklistCode(std::string_view codes);

// What the answer `ip` means: "SBL: ...", "a code nobody explains" for one that is not among many.
std::string BlocklistMeaning(const Blocklist& list, std::string_view ip);

// The list of that zone as we know it; one of addresses without codes when we do not.
Blocklist KnownBlocklist(std::string_view zone);
// Those that may be asked by anybody at low volume and are widely used.
std::vector<Blocklist> UsualBlocklists();

// What a list says of one address or name.
struct BlocklistAnswer {
  enum class Kind {
    kClean,
    kListed,
    kRefused,  // it does not answer this resolver: REFUSED, 127.255.255.0/24, 127.0.0.1
    kForeign,  // an address that is no code: the zone has become somebody else's
    kSilent,   // no answer, SERVFAIL: nobody knows
  };
  Kind kind = Kind::kSilent;
  std::vector<std::string> codes;  // the addresses answered, at most 8
  std::string detail;              // "127.0.0.2", "NXDOMAIN", "no answer"
  absl::Duration ttl;              // of the answer; zero without
};

// Asks about `subject`: an address literal, or a domain for a list of domains.
Task<BlocklistAnswer> AskBlocklist(Resolver& resolver, std::string zone, std::string subject);

// What the list says for a reason, from its TXT record; "" when it says nothing.
Task<std::string> AskBlocklistReason(Resolver& resolver, std::string zone, std::string subject);

// Whether the list works, by the entries that each must and must not have (RFC 5782 section 5).
struct BlocklistHealth {
  enum class State {
    kWorks,
    kDead,        // the entry that must be there is not
    kListsWorld,  // the entry that must not be there is: everybody counts as listed
    kRefused,
    kSilent,
  };
  State state = State::kSilent;
  std::string detail;  // "127.0.0.2 is not listed, as it must be: NXDOMAIN"
  absl::Duration ttl;  // how long that may be believed; at least 5 minutes, at most a day
};

enum class BlocklistSubject { kIpv4, kIpv6, kDomain };

Task<BlocklistHealth> TestBlocklist(Resolver& resolver, std::string zone, BlocklistSubject subject);

}  // namespace postwatch
