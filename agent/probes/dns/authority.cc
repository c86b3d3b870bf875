#include "agent/probes/dns/authority.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "agent/probes/dns/zone_operators.h"
#include "common/base/text.h"

namespace postwatch::agent {
namespace {

namespace asio = boost::asio;

constexpr size_t kMaxServers = 13;
constexpr size_t kMaxAddressesOfServer = 4;
constexpr size_t kMaxAuthorities = 26;
constexpr size_t kMaxParentsAsked = 3;
constexpr int kMaxLabels = 16;  // steps up from a name
constexpr absl::Duration kAuthorityTimeout = absl::Seconds(2);
constexpr uint16_t kDnsPort = 53;

Task<void> AskInto(DnsAsk ask, DnsReply& out) {
  co_await asio::this_coro::throw_if_cancelled(false);
  DnsQuestion question = ask.question;
  out = co_await ask.resolver->Query(std::move(question));
}

DnsQuestion Unchecked(std::string name, RrType type) {
  DnsQuestion question;
  question.name = std::move(name);
  question.type = type;
  question.checking_disabled = true;
  return question;
}

Fault FaultOf(const DnsQuestion& question, const DnsReply& reply, FailureClass klass) {
  return {klass, DescribeDnsReply(question, reply), std::nullopt};
}

// The zone of `name` as a reply shows it; "" when it does not.
std::string ApexIn(const DnsMessage& message, std::string_view name) {
  for (const auto* section : {&message.answers, &message.authorities}) {
    for (const ResourceRecord& record : *section) {
      if (record.type == RrType::kSoa && IsWithin(name, record.name)) return record.name;
    }
  }
  return "";
}

void SortAndBound(std::vector<std::string>& hosts) {
  std::ranges::sort(hosts);
  hosts.erase(std::ranges::unique(hosts).begin(), hosts.end());
  if (hosts.size() > kMaxServers) hosts.resize(kMaxServers);
}

std::vector<std::string> NameServersIn(const DnsMessage& message) {
  std::vector<std::string> hosts;
  for (const ResourceRecord& record : message.answers) {
    const auto* name = std::get_if<NameRecord>(&record.value);
    if (record.type == RrType::kNs && name != nullptr) hosts.push_back(CanonicalName(name->name));
  }
  SortAndBound(hosts);
  return hosts;
}

void TakeGlue(const DnsMessage& message, Delegation& found) {
  for (const ResourceRecord& record : message.additionals) {
    const auto* address = std::get_if<AddressRecord>(&record.value);
    const bool named = std::ranges::binary_search(found.hosts, record.name);
    if (address == nullptr || !named || !IsWithin(record.name, found.zone)) continue;
    std::vector<std::string>& ips = found.glue[record.name];
    if (ips.size() < 2 * kMaxAddressesOfServer) ips.push_back(address->ip);
  }
}

// Takes a referral, or the authoritative NS set of a server that serves both zones. A cut nearer to
// the parent than the zone looked for is the one that counts.
bool TakeReferral(const DnsMessage& message, Delegation& found) {
  for (const bool referral : {true, false}) {
    if (!referral && !message.aa) continue;
    for (const ResourceRecord& record : referral ? message.authorities : message.answers) {
      const auto* name = std::get_if<NameRecord>(&record.value);
      const bool below = record.name != found.parent && IsWithin(record.name, found.parent);
      if (record.type != RrType::kNs || name == nullptr || !below) continue;
      if (!IsWithin(found.zone, record.name)) continue;
      found.zone = record.name;
      found.hosts.push_back(CanonicalName(name->name));
    }
    if (found.hosts.empty()) continue;
    found.parent_serves_zone = !referral;
    SortAndBound(found.hosts);
    TakeGlue(message, found);
    return true;
  }
  return false;
}

Task<std::optional<Fault>> FindParent(const RunContext& context, Delegation& found) {
  std::optional<Fault> fault;
  std::string above = found.zone;
  for (int steps = 0; steps < kMaxLabels && above != "."; ++steps) {
    above = ParentName(above);
    fault = co_await FindZone(context, above, found.parent);
    if (!fault.has_value() || fault->klass == FailureClass::kUnspecified) co_return fault;
  }
  if (!fault.has_value()) {
    fault = Fault{FailureClass::kUnspecified, "the root has no parent", std::nullopt};
  }
  co_return fault;
}

// The parent's verdict on a name that the resolver does not know either.
std::optional<Fault> Denial(const Delegation& found, const DnsReply& reply) {
  if (reply.message.rcode != Rcode::kNxDomain || !reply.message.aa) return std::nullopt;
  return Fault{FailureClass::kDnsNxdomain,
               Concat(found.zone, " does not exist: the server ", reply.server, " of its parent ",
                      found.parent, " says NXDOMAIN"),
               std::nullopt};
}

Task<std::optional<Fault>> AskParent(const RunContext& context, Delegation& found) {
  std::vector<std::string> hosts;
  const std::optional<Fault> unknown = co_await LookUpNameServers(context, found.parent, hosts);
  if (unknown.has_value()) co_return unknown;
  if (hosts.size() > kMaxParentsAsked) hosts.resize(kMaxParentsAsked);
  Delegation nothing;
  nothing.resolves = true;
  std::vector<NameServer> servers = co_await LocateServers(context, hosts, nothing);
  for (NameServer& server : servers) {
    for (const std::string& ip : server.ips) {
      if (found.parent_v6.empty() && ip.find(':') != ip.npos) found.parent_v6 = ip;
    }
    if (server.ips.size() > 1) server.ips.resize(1);
  }
  const std::vector<Authority> authorities = OpenAuthorities(context.deps, servers);
  std::vector<const Authority*> asked;
  for (const Authority& authority : authorities) asked.push_back(&authority);
  const std::vector<DnsReply> replies = co_await AskAuthorities(asked, found.zone, RrType::kNs);
  for (const DnsReply& reply : replies) {
    if (reply.transport != DnsTransport::kReplied) continue;
    const std::optional<Fault> denial = Denial(found, reply);
    const bool taken = reply.message.rcode == Rcode::kNoError && TakeReferral(reply.message, found);
    found.parent_answered = taken || reply.message.aa;
    if (denial.has_value()) co_return denial;
    if (found.parent_answered) co_return std::nullopt;
  }
  co_return std::nullopt;
}

// Whether nobody but the parent can be asked where the host is.
bool OnlyGlueKnows(const Delegation& delegation, std::string_view host) {
  return !delegation.resolves && IsWithin(host, delegation.zone);
}

void TakeAddresses(NameServer& server, const std::vector<std::string>& ips) {
  const size_t room = kMaxAddressesOfServer - std::min(server.ips.size(), kMaxAddressesOfServer);
  const size_t count = std::min(room, ips.size());
  server.ips.insert(server.ips.end(), ips.begin(),
                    ips.begin() + static_cast<std::ptrdiff_t>(count));
}

// A failed lookup explains a missing address better than one that found none.
void TakeReply(NameServer& server, const DnsQuestion& question, const DnsReply& reply) {
  const std::optional<FailureClass> klass = DnsFailureClass(reply);
  TakeAddresses(server, AddressesIn(reply.message, server.host, question.type));
  if (!klass.has_value() && server.unresolved.has_value()) return;
  server.unresolved = FaultOf(question, reply, klass.value_or(FailureClass::kDnsNodata));
}

void TakeWhatGlueKnows(NameServer& server, const Delegation& delegation) {
  const auto glue = delegation.glue.find(server.host);
  if (server.ips.empty() && glue != delegation.glue.end()) TakeAddresses(server, glue->second);
  if (!server.ips.empty()) {
    server.unresolved.reset();
  } else if (!server.unresolved.has_value()) {
    server.unresolved =
        Fault{FailureClass::kDnsNodata, Concat(server.host, ": the parent gives no address of it"),
              std::nullopt};
  }
}

}  // namespace

std::string ParentName(std::string_view name) {
  const std::string canonical = CanonicalName(name);
  size_t dot = canonical.find('.');
  while (dot != canonical.npos && dot > 0 && canonical[dot - 1] == '\\') {
    dot = canonical.find('.', dot + 1);
  }
  if (dot == canonical.npos || dot + 1 == canonical.size()) return ".";
  return canonical.substr(dot + 1);
}

std::string Authority::Text() const { return Concat(host, " (", ip, ")"); }

Task<std::vector<DnsReply>> AskAll(std::vector<DnsAsk> asks) {
  co_await asio::this_coro::throw_if_cancelled(false);
  const auto executor = co_await asio::this_coro::executor;
  std::vector<DnsReply> replies(asks.size());
  for (size_t i = 0; i < asks.size(); ++i) {  // what a cancelled ask leaves as it is
    replies[i].transport = DnsTransport::kCancelled;
    replies[i].server = asks[i].resolver->name();
  }
  if (asks.empty()) co_return replies;
  using Operation =
      decltype(asio::co_spawn(executor, AskInto(asks[0], replies[0]), asio::deferred));
  std::vector<Operation> operations;
  for (size_t i = 0; i < asks.size(); ++i) {
    operations.push_back(asio::co_spawn(executor, AskInto(asks[i], replies[i]), asio::deferred));
  }
  auto group = asio::experimental::make_parallel_group(std::move(operations));
  co_await group.async_wait(asio::experimental::wait_for_all(), asio::use_awaitable);
  co_return replies;
}

Task<std::vector<DnsReply>> AskAuthorities(std::vector<const Authority*> servers, std::string name,
                                           RrType type) {
  std::vector<DnsAsk> asks;
  for (const Authority* server : servers) {
    DnsAsk ask;
    ask.resolver = server->resolver.get();
    ask.question.name = name;
    ask.question.type = type;
    ask.question.recursion_desired = false;
    asks.push_back(std::move(ask));
  }
  co_return co_await AskAll(std::move(asks));
}

Task<std::optional<Fault>> FindZone(const RunContext& context, std::string name,
                                    std::string& zone) {
  std::string at = CanonicalName(name);
  for (int steps = 0; steps < kMaxLabels; ++steps) {
    const DnsQuestion question = Unchecked(at, RrType::kSoa);
    const DnsReply reply = co_await context.deps.resolver.Query(question);
    const std::optional<FailureClass> klass = DnsFailureClass(reply);
    if (klass.has_value()) {
      Fault fault = FaultOf(question, reply, *klass);
      co_return fault;
    }
    zone = ApexIn(reply.message, at);
    if (!zone.empty()) co_return std::nullopt;
    if (at == ".") break;
    at = ParentName(at);
  }
  Fault nowhere{FailureClass::kDnsNodata,
                Concat("nobody says which zone ", name, " is in: there is no SOA at or above it"),
                std::nullopt};
  co_return nowhere;
}

Task<std::optional<Fault>> LookUpNameServers(const RunContext& context, std::string zone,
                                             std::vector<std::string>& hosts) {
  const DnsQuestion question = Unchecked(zone, RrType::kNs);
  const DnsReply reply = co_await context.deps.resolver.Query(question);
  const std::optional<FailureClass> klass = DnsFailureClass(reply);
  if (klass.has_value()) {
    Fault fault = FaultOf(question, reply, *klass);
    co_return fault;
  }
  hosts = NameServersIn(reply.message);
  if (!hosts.empty()) co_return std::nullopt;
  Fault none = FaultOf(question, reply, FailureClass::kDnsNodata);
  none.detail += ", no NS record";
  co_return none;
}

Task<void> LearnOperator(const RunContext& context, std::string label) {
  ZoneOperators& operators = context.deps.operators;
  const absl::Duration now = context.deps.clock.Steady();
  if (operators.IsFresh(label, now)) co_return;
  std::string zone = label;
  for (int tries = 0; tries < 2; ++tries) {
    const DnsQuestion question = Unchecked(zone, RrType::kNs);
    const DnsReply reply = co_await context.deps.resolver.Query(question);
    if (DnsFailureClass(reply).has_value()) co_return;
    const std::vector<std::string> hosts = NameServersIn(reply.message);
    if (!hosts.empty()) {
      operators.Learn(label, OperatorOf(hosts), now);
      co_return;
    }
    const std::string apex = ApexIn(reply.message, zone);
    if (apex.empty() || apex == zone) co_return;
    zone = apex;
  }
}

Task<std::optional<Fault>> FindDelegation(const RunContext& context, std::string name,
                                          Delegation& found) {
  const std::optional<Fault> unknown = co_await FindZone(context, name, found.zone);
  if (unknown.has_value() && unknown->klass == FailureClass::kUnspecified) co_return unknown;
  found.resolves = !unknown.has_value();
  if (unknown.has_value()) found.zone = CanonicalName(name);
  const std::optional<Fault> orphan = co_await FindParent(context, found);
  if (orphan.has_value()) co_return unknown.has_value() ? unknown : orphan;
  const std::optional<Fault> denied = co_await AskParent(context, found);
  if (denied.has_value() && (found.parent_answered || !found.resolves)) {
    co_return found.parent_answered ? denied : unknown;
  }
  if (!found.resolves && found.hosts.empty()) co_return unknown;
  co_return std::nullopt;
}

Task<std::vector<NameServer>> LocateServers(const RunContext& context,
                                            std::vector<std::string> hosts, Delegation delegation) {
  if (hosts.size() > kMaxServers) hosts.resize(kMaxServers);
  std::vector<DnsAsk> asks;
  for (const std::string& host : hosts) {
    if (OnlyGlueKnows(delegation, host)) continue;
    asks.push_back({&context.deps.resolver, Unchecked(host, RrType::kA)});
    asks.push_back({&context.deps.resolver, Unchecked(host, RrType::kAaaa)});
  }
  const std::vector<DnsReply> replies = co_await AskAll(asks);
  std::vector<NameServer> servers;
  size_t next = 0;
  for (const std::string& host : hosts) {
    NameServer server;
    server.host = host;
    if (!OnlyGlueKnows(delegation, host)) {
      TakeReply(server, asks[next].question, replies[next]);
      TakeReply(server, asks[next + 1].question, replies[next + 1]);
      next += 2;
    }
    TakeWhatGlueKnows(server, delegation);
    servers.push_back(std::move(server));
  }
  co_return servers;
}

std::vector<Authority> OpenAuthorities(const ProbeDeps& deps,
                                       const std::vector<NameServer>& servers) {
  std::vector<Authority> authorities;
  for (const NameServer& server : servers) {
    for (const std::string& ip : server.ips) {
      if (authorities.size() == kMaxAuthorities) return authorities;
      ResolverOptions options;
      options.server = {ip, kDnsPort};
      options.timeout = kAuthorityTimeout;
      absl::StatusOr<std::unique_ptr<Resolver>> resolver = deps.resolvers.Make(options);
      if (resolver.ok()) authorities.push_back({server.host, ip, *std::move(resolver)});
    }
  }
  return authorities;
}

}  // namespace postwatch::agent
