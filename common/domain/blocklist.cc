#include "common/domain/blocklist.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "common/base/text.h"
#include "common/domain/ip_bytes.h"
#include "common/domain/remembering_resolver.h"

namespace postwatch {
namespace {

constexpr size_t kMaxCodes = 8;
constexpr size_t kMaxReasonBytes = 200;
constexpr absl::Duration kMinBelief = absl::Minutes(5);
constexpr absl::Duration kMaxBelief = absl::Hours(24);

// RFC 5782 section 5; the IPv6 ones are "::FFFF:7F00:2" and "::FFFF:7F00:1".
struct TestEntries {
  std::string_view listed, unlisted;
};
constexpr TestEntries kV4Entries = {"127.0.0.2", "127.0.0.1"};
constexpr TestEntries kV6Entries = {"::ffff:127.0.0.2", "::ffff:127.0.0.1"};
constexpr TestEntries kDomainEntries = {"test", "invalid"};

constexpr size_t kMaxKnownCodes = 20;

struct KnownCode {
  std::string_view codes, meaning;
};

struct KnownList {
  std::string_view zone;
  bool of_domains;
  bool usual;  // asks for no registration
  std::array<KnownCode, kMaxKnownCodes> codes;
};

constexpr auto kKnownLists = std::to_array<KnownList>({
    {"zen.spamhaus.org",
     false,
     true,
     {{{"127.0.0.2", "SBL: a source of spam"},
       {"127.0.0.3", "SBL CSS: a source of low-grade spam"},
       {"127.0.0.4-7", "XBL: a hijacked machine"},
       {"127.0.0.9", "SBL DROP: a network in the hands of criminals"},
       {"127.0.0.10-11", "PBL: a network whose machines should not send mail directly"}}}},
    {"dbl.spamhaus.org",
     true,
     true,
     {{{"127.0.1.2", "DBL: a spam domain"},
       {"127.0.1.4", "DBL: a phishing domain"},
       {"127.0.1.5", "DBL: a malware domain"},
       {"127.0.1.6", "DBL: a botnet controller"},
       {"127.0.1.102-106", "DBL: an abused legitimate domain"}}}},
    {"bl.spamcop.net", false, true, {{{"127.0.0.2", "reported as a source of spam"}}}},
    {"b.barracudacentral.org", false, false, {{{"127.0.0.2", "a source of spam"}}}},
    {"psbl.surriel.com", false, true, {{{"127.0.0.2", "has sent mail to a spam trap"}}}},
    {"dnsbl.dronebl.org",
     false,
     true,
     {{{"127.0.0.3", "a drone on IRC"},
       {"127.0.0.5", "a bottler"},
       {"127.0.0.6", "a spam bot or worm"},
       {"127.0.0.7", "takes part in denial of service"},
       {"127.0.0.8", "an open SOCKS proxy"},
       {"127.0.0.9", "an open HTTP proxy"},
       {"127.0.0.10", "a chain of proxies"},
       {"127.0.0.11", "a web page that is a proxy"},
       {"127.0.0.12", "an open DNS resolver"},
       {"127.0.0.13", "guesses passwords"},
       {"127.0.0.14", "an open Wingate proxy"},
       {"127.0.0.15", "a compromised router"},
       {"127.0.0.16", "a worm that breaks in by itself"},
       {"127.0.0.17", "a botnet's, as found by a machine"},
       {"127.0.0.18", "a DNS or mail host that may be compromised"},
       {"127.0.0.19", "an abused VPN"},
       {"127.0.0.255", "an abuse that has no name"}}}},
});

Blocklist Made(const KnownList& known) {
  Blocklist list;
  list.zone = std::string(known.zone);
  list.of_domains = known.of_domains;
  for (const KnownCode& code : known.codes) {
    if (code.codes.empty()) break;
    list.codes.push_back({std::string(code.codes), std::string(code.meaning)});
  }
  return list;
}

struct CodeRange {
  std::string low;  // 4 bytes
  unsigned char high = 0;
};

std::optional<CodeRange> ReadCodes(std::string_view codes) {
  const size_t dash = codes.find('-');
  CodeRange range;
  range.low = IpBytes(codes.substr(0, dash));
  if (range.low.size() != 4 || range.low[0] != 127) return std::nullopt;
  const auto low = static_cast<unsigned char>(range.low[3]);
  range.high = low;
  if (dash == codes.npos) return range;
  const std::optional<int64_t> high = ParseInteger(codes.substr(dash + 1));
  if (!high.has_value() || *high < low || *high > 255) return std::nullopt;
  range.high = static_cast<unsigned char>(*high);
  return range;
}

bool Holds(std::string_view codes, std::string_view ip) {
  const std::optional<CodeRange> range = ReadCodes(codes);
  const std::string bytes = IpBytes(ip);
  if (!range.has_value() || bytes.size() != 4 || bytes.substr(0, 3) != range->low.substr(0, 3)) {
    return false;
  }
  const auto last = static_cast<unsigned char>(bytes[3]);
  return last >= static_cast<unsigned char>(range->low[3]) && last <= range->high;
}

// Addresses reversed, IPv6 by nibbles; everything else as it is.
std::string QueryName(std::string_view zone, const std::string& subject) {
  const std::string bytes = IpBytes(subject);
  return Concat(bytes.empty() ? subject : ReversedIpLabels(bytes), ".", zone);
}

// The test entries of IPv6 are mapped IPv4 addresses, asked for as the IPv6 addresses they are.
std::string EntryName(std::string_view zone, std::string_view entry, BlocklistSubject subject) {
  if (subject != BlocklistSubject::kIpv6) return QueryName(zone, std::string(entry));
  const std::string mapped = std::string(10, '\0') + "\xff\xff" + IpBytes(entry);
  return Concat(ReversedIpLabels(mapped), ".", zone);
}

BlocklistAnswer::Kind KindOf(std::string_view ip) {
  using Kind = BlocklistAnswer::Kind;
  if (Holds("127.255.255.0-255", ip) || Holds("127.0.0.1", ip)) return Kind::kRefused;
  return ip.starts_with("127.") ? Kind::kListed : Kind::kForeign;
}

BlocklistAnswer Read(const AddressLookup& lookup) {
  using Kind = BlocklistAnswer::Kind;
  BlocklistAnswer answer;
  const DnsReply& reply = lookup.reply;
  answer.detail = AbsenceText(reply, RrType::kA);
  const bool replied = reply.transport == DnsTransport::kReplied;
  if (replied && reply.message.rcode == Rcode::kRefused) answer.kind = Kind::kRefused;
  if (PresenceOf(reply, RrType::kA) == DnsPresence::kAbsent) answer.kind = Kind::kClean;
  if (lookup.addresses.empty()) return answer;
  answer.codes = lookup.addresses;
  if (answer.codes.size() > kMaxCodes) answer.codes.resize(kMaxCodes);
  answer.detail = Join(answer.codes, ", ");
  for (const ResourceRecord& record : reply.message.answers) {
    if (record.type == RrType::kA) answer.ttl = record.ttl;
  }
  // One code that says no more than "go away" makes all of them worthless.
  answer.kind = Kind::kListed;
  for (const Kind worse : {Kind::kForeign, Kind::kRefused}) {
    const auto is_worse = [worse](const std::string& ip) { return KindOf(ip) == worse; };
    if (std::ranges::any_of(answer.codes, is_worse)) answer.kind = worse;
  }
  return answer;
}

Task<BlocklistAnswer> Ask(Resolver& resolver, std::string name) {
  const AddressLookup lookup = co_await LookUpAddresses(resolver, std::move(name), RrType::kA);
  co_return Read(lookup);
}

const TestEntries& EntriesOf(BlocklistSubject subject) {
  switch (subject) {
    case BlocklistSubject::kIpv4:
      return kV4Entries;
    case BlocklistSubject::kIpv6:
      return kV6Entries;
    case BlocklistSubject::kDomain:
      return kDomainEntries;
  }
  return kV4Entries;
}

BlocklistHealth Judge(const TestEntries& entries, const BlocklistAnswer& listed,
                      const BlocklistAnswer& unlisted) {
  using Kind = BlocklistAnswer::Kind;
  using State = BlocklistHealth::State;
  BlocklistHealth health;
  health.ttl = std::clamp(listed.ttl, kMinBelief, kMaxBelief);
  for (const BlocklistAnswer* answer : {&listed, &unlisted}) {
    if (answer->kind != Kind::kRefused && answer->kind != Kind::kSilent) continue;
    health.state = answer->kind == Kind::kRefused ? State::kRefused : State::kSilent;
    health.detail = answer->detail;
    return health;
  }
  if (unlisted.kind != Kind::kClean) {
    health.state = State::kListsWorld;
    health.detail =
        Concat(entries.unlisted, " is listed, as nothing may be that is fine: ", unlisted.detail);
  } else if (listed.kind != Kind::kListed) {
    health.state = State::kDead;
    health.detail = Concat(entries.listed, " is not listed, as it must be: ", listed.detail);
  } else {
    health.state = State::kWorks;
  }
  return health;
}

}  // namespace

bool IsBlocklistCode(std::string_view codes) { return ReadCodes(codes).has_value(); }

std::string BlocklistMeaning(const Blocklist& list, std::string_view ip) {
  for (const BlocklistCode& code : list.codes) {
    if (Holds(code.codes, ip)) return code.meaning;
  }
  return list.codes.empty() ? "listed" : "a code that nobody explains";
}

Blocklist KnownBlocklist(std::string_view zone) {
  const std::string name = CanonicalName(zone);
  const auto known = std::ranges::find(kKnownLists, name, &KnownList::zone);
  if (known != kKnownLists.end()) return Made(*known);
  Blocklist list;
  list.zone = name;
  return list;
}

std::vector<Blocklist> UsualBlocklists() {
  std::vector<Blocklist> lists;
  for (const KnownList& known : kKnownLists) {
    if (known.usual) lists.push_back(Made(known));
  }
  return lists;
}

Task<BlocklistAnswer> AskBlocklist(Resolver& resolver, std::string zone, std::string subject) {
  std::string name = QueryName(zone, subject);
  co_return co_await Ask(resolver, std::move(name));
}

Task<std::string> AskBlocklistReason(Resolver& resolver, std::string zone, std::string subject) {
  DnsQuestion question;
  question.name = QueryName(zone, subject);
  question.type = RrType::kTxt;
  const DnsReply reply = co_await resolver.Query(question);
  const std::vector<std::string> texts = TxtTexts(reply);
  if (texts.empty()) co_return std::string();
  co_return std::string(Truncate(texts.front(), kMaxReasonBytes));
}

Task<BlocklistHealth> TestBlocklist(Resolver& resolver, std::string zone,
                                    BlocklistSubject subject) {
  const TestEntries& entries = EntriesOf(subject);
  std::string must_be = EntryName(zone, entries.listed, subject);
  std::string must_not_be = EntryName(zone, entries.unlisted, subject);
  const BlocklistAnswer listed = co_await Ask(resolver, std::move(must_be));
  BlocklistAnswer unlisted;
  // A list that keeps silent is not waited for twice.
  if (listed.kind != BlocklistAnswer::Kind::kSilent) {
    unlisted = co_await Ask(resolver, std::move(must_not_be));
  }
  co_return Judge(entries, listed, unlisted);
}

}  // namespace postwatch
