#include "agent/probes/dns/mail_dns.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>
#include <set>
#include <utility>

#include "agent/probes/dns/zone_operators.h"
#include "common/base/text.h"
#include "common/net/address.h"

namespace postwatch::agent {
namespace {

constexpr size_t kMaxAddresses = 8;
constexpr size_t kMaxMxHosts = 16;

struct Prefix {
  const char* network;
  int bits;
};

constexpr Prefix kPrivateV4[] = {{"0.0.0.0", 8},     {"10.0.0.0", 8},     {"100.64.0.0", 10},
                                 {"127.0.0.0", 8},   {"169.254.0.0", 16}, {"172.16.0.0", 12},
                                 {"192.168.0.0", 16}};
constexpr Prefix kPrivateV6[] = {{"::", 127}, {"fc00::", 7}, {"fe80::", 10}};
constexpr unsigned char kMappedV4[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool InPrefix(const unsigned char* address, int family, const Prefix& prefix) {
  unsigned char network[16] = {};
  inet_pton(family, prefix.network, network);
  const int bytes = prefix.bits / 8;
  if (std::memcmp(address, network, bytes) != 0) return false;
  const int rest = prefix.bits % 8;
  return rest == 0 || ((address[bytes] ^ network[bytes]) >> (8 - rest)) == 0;
}

bool IsPrivateV4(const unsigned char* address) {
  return std::any_of(std::begin(kPrivateV4), std::end(kPrivateV4),
                     [&](const Prefix& prefix) { return InPrefix(address, AF_INET, prefix); });
}

bool HasAlias(const DnsReply& reply, std::string_view host) {
  const std::string name = CanonicalName(host);
  for (const ResourceRecord& record : reply.message.answers) {
    if (record.type == RrType::kCname && record.name == name) return true;
  }
  return false;
}

// Whether the CNAMEs of the reply lead back to a name they came from.
bool HasLoop(const DnsReply& reply, std::string_view host) {
  std::set<std::string> seen;
  std::string name = CanonicalName(host);
  while (seen.insert(name).second) {
    const NameRecord* next = nullptr;
    for (const ResourceRecord& record : reply.message.answers) {
      if (record.type != RrType::kCname || record.name != name) continue;
      next = std::get_if<NameRecord>(&record.value);
    }
    if (next == nullptr) return false;
    name = CanonicalName(next->name);
  }
  return true;
}

// One family of `host`: its addresses, or why there are none.
Task<std::optional<Fault>> ResolveFamily(Resolver& resolver, std::string host, RrType family,
                                         std::vector<std::string>& ips, bool& is_alias) {
  const AddressLookup lookup = co_await LookUpAddresses(resolver, host, family);
  is_alias = is_alias || HasAlias(lookup.reply, host);
  ips = lookup.addresses;
  if (ips.size() > kMaxAddresses) ips.resize(kMaxAddresses);
  if (!ips.empty()) co_return std::nullopt;
  DnsQuestion question;
  question.name = host;
  question.type = family;
  std::optional<Fault> fault = co_await JudgeDnsReply(resolver, question, lookup.reply);
  if (fault.has_value()) co_return fault;
  const bool loop = HasLoop(lookup.reply, host);
  Fault none{loop ? FailureClass::kDnsLoop : FailureClass::kDnsNodata,
             Concat(DescribeDnsReply(question, lookup.reply),
                    loop ? ", the aliases go round in a circle" : ", no address"),
             std::nullopt};
  co_return none;
}

bool IsAbsence(const Fault& fault) {
  return fault.klass == FailureClass::kDnsNodata || fault.klass == FailureClass::kDnsNxdomain;
}

void RecordMx(const RunContext& context, const MxHosts& mx, const DnsReply& reply) {
  std::vector<std::string> texts;
  for (const MxRecord& record : mx.hosts) {
    texts.push_back(Concat(record.preference, " ", record.host));
  }
  context.run.Fact("mx", Join(texts, ", "));
  for (const ResourceRecord& record : reply.message.answers) {
    if (record.type == RrType::kMx) {
      context.run.Fact("mx.ttl", absl::FormatDuration(record.ttl));
      break;
    }
  }
  context.run.Fact("mx.authenticated", reply.message.ad ? "true" : "false");
}

Task<std::optional<Fault>> UseImplicitMx(const RunContext& context, std::string domain,
                                         MxHosts& mx) {
  HostAddresses addresses;
  const std::optional<Fault> fault =
      co_await ResolveHost(context, domain, AddressFamilies::kEither, addresses);
  if (fault.has_value() && fault->klass != FailureClass::kDnsNodata) co_return fault;
  if (fault.has_value()) {
    Fault nothing{FailureClass::kDnsNodata, Concat(domain, " has neither an MX nor an address"),
                  std::nullopt};
    co_return nothing;
  }
  mx.implicit = true;
  mx.hosts.push_back({0, CanonicalName(domain)});
  co_return std::nullopt;
}

}  // namespace

bool IsPrivateAddress(std::string_view ip) {
  unsigned char address[16];
  const std::string copy(ip);
  if (inet_pton(AF_INET, copy.c_str(), address) == 1) return IsPrivateV4(address);
  if (inet_pton(AF_INET6, copy.c_str(), address) != 1) return false;
  if (std::memcmp(address, kMappedV4, sizeof(kMappedV4)) == 0) return IsPrivateV4(address + 12);
  return std::any_of(std::begin(kPrivateV6), std::end(kPrivateV6),
                     [&](const Prefix& prefix) { return InPrefix(address, AF_INET6, prefix); });
}

bool IsWithin(std::string_view name, std::string_view domain) {
  const std::string inner = CanonicalName(name);
  const std::string outer = CanonicalName(domain);
  if (inner == outer) return true;
  return inner.size() > outer.size() && inner.ends_with(outer) &&
         inner[inner.size() - outer.size() - 1] == '.';
}

std::string ZoneLabel(const RunContext& context, std::string_view name) {
  std::string zone = CanonicalName(context.spec.target);
  if (IsWithin(name, zone)) return zone;
  zone = CanonicalName(name);
  const size_t dot = zone.find('.');
  const bool has_more = dot != zone.npos && zone.find('.', dot + 1) != zone.npos;
  return has_more ? zone.substr(dot + 1) : zone;
}

void TouchDns(const RunContext& context, std::string_view name) {
  context.run.Touch({std::string(component::kResolver), context.deps.resolver.name()});
  const std::string zone = ZoneLabel(context, name);
  context.run.Touch({std::string(component::kZone), zone});
  const std::string hoster = context.deps.operators.Find(zone);
  if (!hoster.empty()) context.run.Touch({std::string(component::kDnsHoster), hoster});
}

Task<std::optional<Fault>> ResolveHost(const RunContext& context, std::string host,
                                       AddressFamilies families, HostAddresses& addresses) {
  if (IsIpLiteral(host)) {
    (host.find(':') == host.npos ? addresses.v4 : addresses.v6).push_back(host);
    co_return std::nullopt;
  }
  TouchDns(context, host);
  Resolver& resolver = context.deps.resolver;
  const std::optional<Fault> no_v4 =
      co_await ResolveFamily(resolver, host, RrType::kA, addresses.v4, addresses.is_alias);
  if (!no_v4.has_value() && families == AddressFamilies::kEither) co_return std::nullopt;
  const bool final = no_v4.has_value() && (no_v4->klass == FailureClass::kDnsNxdomain ||
                                           no_v4->klass == FailureClass::kUnspecified);
  if (final) co_return no_v4;
  const std::optional<Fault> no_v6 =
      co_await ResolveFamily(resolver, host, RrType::kAaaa, addresses.v6, addresses.is_alias);
  if (no_v4.has_value() && no_v6.has_value()) co_return IsAbsence(*no_v4) ? no_v6 : no_v4;
  if (no_v4.has_value() && !IsAbsence(*no_v4)) Mention(context.run, *no_v4);
  if (no_v6.has_value() && !IsAbsence(*no_v6)) Mention(context.run, *no_v6);
  co_return std::nullopt;
}

Task<std::optional<Fault>> LookUpMx(const RunContext& context, std::string domain, MxHosts& mx) {
  TouchDns(context, domain);
  DnsQuestion question;
  question.name = domain;
  question.type = RrType::kMx;
  const DnsReply reply = co_await context.deps.resolver.Query(question);
  const std::optional<Fault> fault = co_await JudgeDnsReply(context.deps.resolver, question, reply);
  if (fault.has_value()) co_return fault;
  mx.authenticated = reply.message.ad;
  bool null_mx = false;
  for (const ResourceRecord& record : reply.message.answers) {
    const MxRecord* value = std::get_if<MxRecord>(&record.value);
    if (record.type != RrType::kMx || value == nullptr) continue;
    const std::string host = CanonicalName(value->host);
    if (host == "." || host.empty()) {
      null_mx = true;
    } else {
      mx.hosts.push_back({value->preference, host});
    }
  }
  std::sort(mx.hosts.begin(), mx.hosts.end(), [](const MxRecord& a, const MxRecord& b) {
    return std::tie(a.preference, a.host) < std::tie(b.preference, b.host);
  });
  if (mx.hosts.size() > kMaxMxHosts) mx.hosts.resize(kMaxMxHosts);
  if (null_mx) {
    Fault declared{FailureClass::kDnsNullMx, Concat(domain, " declares that it takes no mail"),
                   std::nullopt};
    if (mx.hosts.empty()) co_return declared;
    mx.null_beside = true;
  }
  if (mx.hosts.empty()) {
    std::optional<Fault> nothing = co_await UseImplicitMx(context, domain, mx);
    if (nothing.has_value()) co_return nothing;
  }
  RecordMx(context, mx, reply);
  co_return std::nullopt;
}

}  // namespace postwatch::agent
