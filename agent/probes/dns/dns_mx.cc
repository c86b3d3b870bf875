#include "agent/probes/dns/dns_mx.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "agent/probes/configured_probe.h"
#include "agent/probes/dns/mail_dns.h"
#include "common/base/text.h"
#include "common/checks/dns/dns_mx_settings.h"

namespace postwatch::agent {
namespace {

class DnsMx : public ConfiguredProbe<DnsMxSettings> {
 public:
  using ConfiguredProbe::ConfiguredProbe;

  Task<void> Run(StepRecorder& run) override;

 private:
  std::optional<Fault> Compare(const MxHosts& mx) const;
  std::optional<Fault> JudgeAddresses(const RunContext& context, const std::string& host,
                                      const HostAddresses& addresses) const;
  Task<std::optional<Fault>> ResolveAll(const RunContext& context, const MxHosts& mx);
};

Task<void> DnsMx::Run(StepRecorder& run) {
  const RunContext context{deps_, spec_, run};
  run.Begin("dns");
  MxHosts mx;
  const std::optional<Fault> lost = co_await LookUpMx(context, spec_.target, mx);
  if (lost.has_value()) {
    Decide(run, *lost);
    co_return;
  }
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
  std::vector<std::string> all = addresses.v4;
  all.insert(all.end(), addresses.v6.begin(), addresses.v6.end());
  context.run.Fact(Concat("addresses.", host), Join(all, ", "));
  if (settings_.allow_private) return std::nullopt;
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

Task<std::optional<Fault>> DnsMx::ResolveAll(const RunContext& context, const MxHosts& mx) {
  std::vector<Fault> faults;
  for (const MxRecord& record : mx.hosts) {
    HostAddresses addresses;
    std::optional<Fault> fault =
        co_await ResolveHost(context, record.host, AddressFamilies::kBoth, addresses);
    if (!fault.has_value()) {
      fault = JudgeAddresses(context, record.host, addresses);
    } else if (fault->klass == FailureClass::kDnsNxdomain ||
               fault->klass == FailureClass::kDnsNodata) {
      fault->klass = FailureClass::kDnsMxNoAddress;
      fault->detail = Concat("the MX host ", record.host, " has no address: ", fault->detail);
    }
    if (!fault.has_value()) continue;
    if (fault->klass == FailureClass::kUnspecified) co_return fault;
    faults.push_back(*std::move(fault));
  }
  if (!faults.empty() && faults.size() == mx.hosts.size()) co_return faults.front();
  for (const Fault& fault : faults) Mention(context.run, fault);
  co_return std::nullopt;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Probe>> MakeDnsMx(const CheckSpec& spec, const ProbeDeps& deps) {
  return MakeConfigured<DnsMx, ReadDnsMxSettings>(spec, deps);
}

}  // namespace postwatch::agent
