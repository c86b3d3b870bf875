#include "agent/probes/dns/dns_mx.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "agent/probes/configured_probe.h"
#include "agent/probes/dns/authority.h"
#include "agent/probes/dns/mail_dns.h"
#include "agent/probes/dns/networks.h"
#include "common/base/text.h"
#include "common/checks/dns/dns_mx_settings.h"

namespace postwatch::agent {
namespace {

constexpr size_t kMaxZonesLearned = 4;  // in one run: the target's and those of MX hosts

class DnsMx : public ConfiguredProbe<DnsMxSettings> {
 public:
  using ConfiguredProbe::ConfiguredProbe;

  Task<void> Run(StepRecorder& run) override;

 private:
  std::optional<Fault> Compare(const MxHosts& mx) const;
  std::optional<Fault> JudgeAddresses(const RunContext& context, const std::string& host,
                                      const HostAddresses& addresses) const;
  Task<std::optional<Fault>> ResolveOne(const RunContext& context, std::string host,
                                        HostAddresses& addresses);
  Task<std::optional<Fault>> ResolveAll(const RunContext& context, const MxHosts& mx);
};

// This machine's own name; "localhost." at a sender is the sender itself (RFC 6761 section 6.3).
bool IsLocalhost(std::string_view host) { return IsWithin(host, "localhost"); }

// What is no fault, but good to know when something else is.
void RecordShape(const RunContext& context, const MxHosts& mx) {
  if (mx.implicit) {
    context.run.Find(
        FailureClass::kDnsMxImplicit,
        Concat(context.spec.target, " has no MX record; mail goes to its own address"));
  }
  if (mx.null_beside) {
    context.run.Find(FailureClass::kDnsNullMx,
                     Concat(context.spec.target,
                            " declares that it takes no mail, and lists MX hosts beside that"));
  }
  if (mx.hosts.size() == 1) context.run.Fact("mx.single", "true");
  std::map<uint16_t, std::vector<std::string>> by_preference;
  for (const MxRecord& record : mx.hosts) by_preference[record.preference].push_back(record.host);
  std::vector<std::string> shared;
  for (const auto& [preference, hosts] : by_preference) {
    if (hosts.size() > 1) shared.push_back(Concat(preference, " ", Join(hosts, " ")));
  }
  if (!shared.empty()) context.run.Fact("mx.same_preference", Join(shared, ", "));
}

// Whether one fault of a network may take all of several hosts.
bool AreInOneNetwork(const std::vector<HostAddresses>& hosts) {
  for (const HostAddresses& host : hosts) {
    for (const std::vector<std::string>* ips : {&host.v4, &host.v6}) {
      const std::vector<std::string>& first = ips == &host.v4 ? hosts.front().v4 : hosts.front().v6;
      for (const std::string& ip : *ips) {
        if (first.empty() || !InOneNetwork(ip, first.front())) return false;
      }
    }
    if (host.empty()) return false;
  }
  return hosts.size() > 1;
}

// While they answer, so that it is known when they do not.
Task<void> LearnOperators(const RunContext& context, const MxHosts& mx) {
  std::vector<std::string> labels = {ZoneLabel(context, context.spec.target)};
  for (const MxRecord& record : mx.hosts) {
    std::string label = ZoneLabel(context, record.host);
    if (std::ranges::find(labels, label) == labels.end()) labels.push_back(std::move(label));
  }
  if (labels.size() > kMaxZonesLearned) labels.resize(kMaxZonesLearned);
  for (const std::string& label : labels) {
    co_await LearnOperator(context, label);
  }
  TouchDns(context, context.spec.target);
}

Task<void> DnsMx::Run(StepRecorder& run) {
  const RunContext context{deps_, spec_, run};
  run.Begin("dns");
  MxHosts mx;
  const std::optional<Fault> lost = co_await LookUpMx(context, spec_.target, mx);
  if (lost.has_value()) {
    Decide(run, *lost);
    co_return;
  }
  RecordShape(context, mx);
  co_await LearnOperators(context, mx);
  const std::optional<Fault> other = Compare(mx);
  if (other.has_value()) {
    Decide(run, *other);
    co_return;
  }
  run.Begin("addresses");
  const std::optional<Fault> nowhere = co_await ResolveAll(context, mx);
  if (nowhere.has_value()) Decide(run, *nowhere);
}

std::optional<Fault> DnsMx::Compare(const MxHosts& mx) const {
  if (settings_.expect.empty()) return std::nullopt;
  std::set<std::string> found;
  for (const MxRecord& record : mx.hosts) found.insert(record.host);
  if (found == settings_.expect) return std::nullopt;
  return Fault{
      FailureClass::kDnsMxMismatch,
      Concat("the MX hosts are ", Join(found, ", "), ", expected ", Join(settings_.expect, ", ")),
      std::nullopt};
}

// What is wrong with a host that has addresses.
std::optional<Fault> DnsMx::JudgeAddresses(const RunContext& context, const std::string& host,
                                           const HostAddresses& addresses) const {
  if (addresses.is_alias) {
    context.run.Find(FailureClass::kDnsMxCname, Concat("the MX host ", host, " is an alias"));
  }
  if (!addresses.v4.empty()) context.run.Fact(Concat("a.", host), Join(addresses.v4, ", "));
  if (!addresses.v6.empty()) context.run.Fact(Concat("aaaa.", host), Join(addresses.v6, ", "));
  if (settings_.allow_private) return std::nullopt;
  std::vector<std::string> all = addresses.v4;
  all.insert(all.end(), addresses.v6.begin(), addresses.v6.end());
  std::vector<std::string> hidden;
  std::copy_if(all.begin(), all.end(), std::back_inserter(hidden), IsPrivateAddress);
  if (hidden.empty()) return std::nullopt;
  Fault fault{FailureClass::kDnsMxPrivate,
              Concat("the MX host ", host, " has the private address ", Join(hidden, ", ")),
              std::nullopt};
  if (hidden.size() == all.size()) return fault;
  Mention(context.run, fault);
  return std::nullopt;
}

Task<std::optional<Fault>> DnsMx::ResolveOne(const RunContext& context, std::string host,
                                             HostAddresses& addresses) {
  if (IsLocalhost(host) && !settings_.allow_private) {
    Fault local{FailureClass::kDnsMxPrivate,
                Concat("the MX host ", host, " is each sender's own machine"), std::nullopt};
    co_return local;
  }
  std::optional<Fault> fault =
      co_await ResolveHost(context, host, AddressFamilies::kBoth, addresses);
  if (!fault.has_value()) co_return JudgeAddresses(context, host, addresses);
  const bool absent =
      fault->klass == FailureClass::kDnsNxdomain || fault->klass == FailureClass::kDnsNodata;
  if (absent) {
    fault->klass = FailureClass::kDnsMxNoAddress;
    fault->detail = Concat("the MX host ", host, " has no address: ", fault->detail);
  }
  co_return fault;
}

Task<std::optional<Fault>> DnsMx::ResolveAll(const RunContext& context, const MxHosts& mx) {
  std::vector<Fault> faults;
  std::vector<HostAddresses> found;
  for (const MxRecord& record : mx.hosts) {
    HostAddresses& addresses = found.emplace_back();
    std::optional<Fault> fault = co_await ResolveOne(context, record.host, addresses);
    if (!fault.has_value()) continue;
    if (fault->klass == FailureClass::kUnspecified) co_return fault;
    faults.push_back(*std::move(fault));
  }
  if (AreInOneNetwork(found)) context.run.Fact("mx.same_network", "true");
  if (!faults.empty() && faults.size() == mx.hosts.size()) co_return faults.front();
  for (const Fault& fault : faults) Mention(context.run, fault);
  co_return std::nullopt;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Probe>> MakeDnsMx(const CheckSpec& spec, const ProbeDeps& deps) {
  return MakeConfigured<DnsMx, ReadDnsMxSettings>(spec, deps);
}

}  // namespace postwatch::agent
