#include "agent/probes/dns/dns_ptr.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "agent/probes/configured_probe.h"
#include "agent/probes/dns/authority.h"
#include "agent/probes/dns/reverse_name.h"
#include "common/base/text.h"
#include "common/checks/dns/dns_ptr_settings.h"

namespace postwatch::agent {
namespace {

constexpr size_t kMaxAddresses = 40;
constexpr size_t kMaxNames = 4;  // of one address

struct ReverseLookup {
  std::string ip;
  std::string whose;  // "mx1.alpha.test" or "sender"
  std::optional<Fault> fault;
  std::vector<std::string> names;
  std::vector<std::string> found;  // the addresses that the names have
  std::optional<Fault> unknown;    // why not all of them are known

  RrType family() const { return ip.find(':') == ip.npos ? RrType::kA : RrType::kAaaa; }
  std::string Text() const { return Concat(ip, " (", whose, ")"); }
};

class DnsPtr : public ConfiguredProbe<DnsPtrSettings> {
 public:
  using ConfiguredProbe::ConfiguredProbe;

  Task<void> Run(StepRecorder& run) override;

 private:
  Task<std::optional<Fault>> FindAddresses(const RunContext& context,
                                           std::vector<ReverseLookup>& lookups);
  Task<void> FindNames(const RunContext& context, std::vector<ReverseLookup>& lookups);
  Task<void> FollowNames(std::vector<ReverseLookup>& lookups);
};

void AddAddresses(const std::vector<std::string>& ips, const std::string& whose,
                  std::vector<ReverseLookup>& lookups) {
  for (const std::string& ip : ips) {
    const auto same = [&](const ReverseLookup& lookup) { return lookup.ip == ip; };
    if (lookups.size() == kMaxAddresses || std::ranges::any_of(lookups, same)) continue;
    if (IsPrivateAddress(ip)) continue;
    lookups.push_back({.ip = ip, .whose = whose});
  }
}

void JudgeMissing(StepRecorder& run, const ReverseLookup& lookup) {
  Fault fault = *lookup.fault;
  const bool absent =
      fault.klass == FailureClass::kDnsNodata || fault.klass == FailureClass::kDnsNxdomain;
  if (absent) fault.klass = FailureClass::kPtrMissing;
  fault.detail = Concat(absent ? "no PTR record for " : "the PTR record cannot be read for ",
                        lookup.Text(), ": ", fault.detail);
  Mention(run, fault);
}

void Judge(StepRecorder& run, const ReverseLookup& lookup) {
  if (lookup.fault.has_value()) {
    JudgeMissing(run, lookup);
    return;
  }
  const std::string names = Join(lookup.names, ", ");
  const bool confirmed = std::ranges::find(lookup.found, lookup.ip) != lookup.found.end();
  if (!confirmed && lookup.unknown.has_value()) {
    Mention(run, {lookup.unknown->klass,
                  Concat("whether ", names, " leads back to ", lookup.Text(),
                         " cannot be told: ", lookup.unknown->detail),
                  std::nullopt});
  } else if (!confirmed) {
    const std::string what =
        lookup.found.empty() ? "no such address" : Concat("the address ", Join(lookup.found, ", "));
    run.Find(FailureClass::kFcrdnsMismatch,
             Concat("the name of ", lookup.Text(), " is ", names, ", and that has ", what));
  }
  const auto generic = std::ranges::find_if(
      lookup.names, [&](const std::string& name) { return IsGenericName(name, lookup.ip); });
  if (generic == lookup.names.end()) return;
  run.Find(FailureClass::kPtrGeneric,
           Concat("the name of ", lookup.Text(), " looks like one of a pool: ", *generic));
}

Task<void> DnsPtr::Run(StepRecorder& run) {
  const RunContext context{deps_, spec_, run};
  run.Begin("dns");
  std::vector<ReverseLookup> lookups;
  AddAddresses(settings_.senders, "sender", lookups);
  const std::optional<Fault> lost = co_await FindAddresses(context, lookups);
  if (lost.has_value() && lookups.empty()) {
    const bool takes_none = lost->klass == FailureClass::kDnsNullMx;
    if (takes_none) {
      run.Fact("mx", "none: the domain takes no mail");
    } else {
      run.NotTested(Concat("the MX hosts cannot be found: ", lost->detail));
    }
    co_return;
  }
  run.Begin("names");
  co_await FindNames(context, lookups);
  co_await FollowNames(lookups);
  for (const ReverseLookup& lookup : lookups) Judge(run, lookup);
}

// Hosts without an address are the affair of `dns.mx`.
Task<std::optional<Fault>> DnsPtr::FindAddresses(const RunContext& context,
                                                 std::vector<ReverseLookup>& lookups) {
  MxHosts mx;
  std::optional<Fault> fault = co_await LookUpMx(context, spec_.target, mx);
  if (fault.has_value()) co_return fault;
  context.run.Begin("addresses");
  for (const MxRecord& record : mx.hosts) {
    HostAddresses addresses;
    fault = co_await ResolveHost(context, record.host, AddressFamilies::kBoth, addresses);
    AddAddresses(addresses.v4, record.host, lookups);
    AddAddresses(addresses.v6, record.host, lookups);
    // A resolver or zone that is silent would be so for each further host.
    if (fault.has_value() && fault->klass == FailureClass::kDnsTimeout) break;
  }
  co_return fault;
}

Task<void> DnsPtr::FindNames(const RunContext& context, std::vector<ReverseLookup>& lookups) {
  std::vector<DnsAsk> asks;
  for (const ReverseLookup& lookup : lookups) {
    DnsAsk ask;
    ask.resolver = &deps_.resolver;
    ask.question.name = ReverseName(lookup.ip).value_or(".");
    ask.question.type = RrType::kPtr;
    asks.push_back(std::move(ask));
  }
  const std::vector<DnsReply> replies = co_await AskAll(asks);
  for (size_t i = 0; i < lookups.size(); ++i) {
    ReverseLookup& lookup = lookups[i];
    const std::optional<FailureClass> klass = DnsFailureClass(replies[i]);
    if (klass.has_value()) {
      lookup.fault = Fault{*klass, DescribeDnsReply(asks[i].question, replies[i]), std::nullopt};
    }
    for (const ResourceRecord& record : replies[i].message.answers) {
      const auto* name = std::get_if<NameRecord>(&record.value);
      if (record.type != RrType::kPtr || name == nullptr) continue;
      if (lookup.names.size() < kMaxNames) lookup.names.push_back(CanonicalName(name->name));
    }
    if (!lookup.fault.has_value() && lookup.names.empty()) {
      lookup.fault = Fault{FailureClass::kDnsNodata, DescribeDnsReply(asks[i].question, replies[i]),
                           std::nullopt};
    }
    if (!lookup.names.empty()) {
      context.run.Fact(Concat("ptr.", lookup.ip), Join(lookup.names, ", "));
    }
  }
}

Task<void> DnsPtr::FollowNames(std::vector<ReverseLookup>& lookups) {
  std::vector<DnsAsk> asks;
  for (const ReverseLookup& lookup : lookups) {
    for (const std::string& name : lookup.names) {
      DnsAsk ask;
      ask.resolver = &deps_.resolver;
      ask.question.name = name;
      ask.question.type = lookup.family();
      asks.push_back(std::move(ask));
    }
  }
  const std::vector<DnsReply> replies = co_await AskAll(asks);
  size_t next = 0;
  for (ReverseLookup& lookup : lookups) {
    for (const std::string& name : lookup.names) {
      const DnsReply& reply = replies[next];
      const std::vector<std::string> ips = AddressesIn(reply.message, name, lookup.family());
      lookup.found.insert(lookup.found.end(), ips.begin(), ips.end());
      const std::optional<FailureClass> klass = DnsFailureClass(reply);
      if (klass.has_value() && *klass != FailureClass::kDnsNxdomain) {
        lookup.unknown = Fault{*klass, DescribeDnsReply(asks[next].question, reply), std::nullopt};
      }
      ++next;
    }
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<Probe>> MakeDnsPtr(const CheckSpec& spec, const ProbeDeps& deps) {
  return MakeConfigured<DnsPtr, ReadDnsPtrSettings>(spec, deps);
}

}  // namespace postwatch::agent
