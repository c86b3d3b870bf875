#include "agent/probes/mail/secondary_names.h"

#include <algorithm>
#include <boost/asio/this_coro.hpp>

#include "agent/probes/dns/mtasts_fetch.h"
#include "agent/probes/dns/networks.h"
#include "agent/probes/dns/reverse_name.h"
#include "common/base/text.h"
#include "common/domain/remembering_resolver.h"

namespace postwatch::agent {
namespace {

constexpr size_t kMaxAddresses = 4;  // of one host, whose names are looked up
constexpr size_t kMaxNames = 4;      // of one address

std::vector<std::string> AddressesOf(const MxHost& host) {
  std::vector<std::string> ips = host.addresses.v4;
  ips.insert(ips.end(), host.addresses.v6.begin(), host.addresses.v6.end());
  return ips;
}

// Why no name of the address leads back to it; "" when one does, nothing where nobody can tell.
Task<std::optional<std::string>> WhyUnconfirmed(Resolver& resolver, std::string ip) {
  DnsQuestion question;
  question.name = ReverseName(ip).value_or(".");
  question.type = RrType::kPtr;
  const DnsReply reply = co_await resolver.Query(question);
  const DnsPresence presence = PresenceOf(reply, RrType::kPtr);
  if (presence == DnsPresence::kAbsent) co_return Concat(ip, " has no PTR record");
  if (presence == DnsPresence::kFailed) co_return std::nullopt;
  const RrType family = ip.find(':') == ip.npos ? RrType::kA : RrType::kAaaa;
  std::vector<std::string> names;
  for (const ResourceRecord& record : reply.message.answers) {
    const auto* name = std::get_if<NameRecord>(&record.value);
    if (record.type != RrType::kPtr || name == nullptr || names.size() == kMaxNames) continue;
    names.push_back(CanonicalName(name->name));
    const AddressLookup lookup = co_await LookUpAddresses(resolver, names.back(), family);
    if (std::ranges::find(lookup.addresses, ip) != lookup.addresses.end()) co_return "";
    if (PresenceOf(lookup.reply, family) == DnsPresence::kFailed) co_return std::nullopt;
  }
  co_return Concat("the name of ", ip, ", ", Join(names, ", "), ", does not lead back to it");
}

Task<void> LookUpHost(Resolver& resolver, const MxHost& host, PublishedHost& published) {
  std::vector<std::string> ips = AddressesOf(host);
  if (ips.size() > kMaxAddresses) ips.resize(kMaxAddresses);
  for (const std::string& ip : ips) {
    if (IsPrivateAddress(ip)) continue;
    published.unconfirmed = co_await WhyUnconfirmed(resolver, ip);
    if (published.unconfirmed != "") break;
  }
  DnsQuestion question;
  question.name = Concat("_25._tcp.", host.name);
  question.type = RrType::kTlsa;
  const DnsReply reply = co_await resolver.Query(question);
  const DnsPresence presence = PresenceOf(reply, RrType::kTlsa);
  if (presence != DnsPresence::kFailed) published.tlsa = presence == DnsPresence::kFound;
}

// "198.51.100.2 is in the network of mx1.alpha.test (198.51.100.1)"; "" for none.
std::string SharedNetwork(const MxHost& secondary, const MxHost& primary) {
  for (const std::string& ip : AddressesOf(secondary)) {
    for (const std::string& other : AddressesOf(primary)) {
      if (!InOneNetwork(ip, other)) continue;
      return Concat(ip, " is in the network of ", primary.name, " (", other, ")");
    }
  }
  return "";
}

}  // namespace

Task<void> LookUpPublished(const RunContext& context, const std::vector<MxHost>& hosts,
                           PublishedNames& names) {
  co_await boost::asio::this_coro::throw_if_cancelled(false);
  context.run.Begin("dns");
  for (const MxHost& host : hosts) {
    PublishedHost published;
    co_await LookUpHost(context.deps.resolver, host, published);
    names.hosts.push_back(std::move(published));
  }
  names.policy = co_await FindMtaStsPolicy(context);
}

std::vector<std::string> PublishedShortcomings(const std::vector<MxHost>& hosts,
                                               const PublishedNames& names, size_t index) {
  std::vector<std::string> all;
  const MxHost& host = hosts[index];
  if (host.addresses.is_alias) all.emplace_back("is an alias, which no MX host may be");
  for (const MxHost& primary : hosts) {
    if (primary.preference != hosts.front().preference) break;
    const std::string shared = SharedNetwork(host, primary);
    if (shared.empty()) continue;
    all.push_back(Concat("may fail with the primary: ", shared));
    break;
  }
  if (names.policy.has_value() && names.policy->mode != MtaStsMode::kNone &&
      !names.policy->Covers(host.name)) {
    all.push_back(Concat("is not in the MTA-STS policy (", MtaStsModeName(names.policy->mode), ": ",
                         Join(names.policy->mx, ", "), ")"));
  }
  if (index >= names.hosts.size()) return all;
  const PublishedHost& best = names.hosts.front();
  const PublishedHost& own = names.hosts[index];
  if (best.unconfirmed == "" && !own.unconfirmed.value_or("").empty()) {
    all.push_back(Concat("has no confirmed name, and the primary has: ", *own.unconfirmed));
  }
  if (best.tlsa.value_or(false) && !own.tlsa.value_or(true)) {
    all.emplace_back("has no TLSA record, and the primary has");
  }
  return all;
}

}  // namespace postwatch::agent
