#include "agent/probes/dns/dns_caa.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "agent/probes/configured_probe.h"
#include "agent/probes/dns/mail_dns.h"
#include "agent/probes/dns/text_records.h"
#include "common/base/text.h"
#include "common/checks/dns/dns_caa_settings.h"
#include "common/domain/caa_set.h"
#include "common/domain/remembering_resolver.h"

namespace postwatch::agent {
namespace {

constexpr size_t kMaxHosts = 16;

class DnsCaa : public ConfiguredProbe<DnsCaaSettings> {
 public:
  using ConfiguredProbe::ConfiguredProbe;

  Task<void> Run(StepRecorder& run) override;

 private:
  Task<std::vector<std::string>> Hosts(Resolver& resolver) const;
  // `known`: the domains whose sets were judged already.
  void Judge(StepRecorder& run, const std::string& host, const CaaLookup& lookup,
             std::set<std::string>& known) const;
};

Task<void> DnsCaa::Run(StepRecorder& run) {
  const RunContext context{deps_, spec_, run};
  run.Begin("dns");
  TouchDns(context, spec_.target);
  RememberingResolver resolver(deps_.resolver);
  const std::optional<Fault> nowhere = co_await FindNoDomain(resolver, spec_.target, RrType::kMx);
  if (nowhere.has_value()) {
    Mention(run, *nowhere);
    co_return;
  }
  const std::vector<std::string> hosts = co_await Hosts(resolver);
  std::set<std::string> known;
  std::set<std::string> failed;
  for (const std::string& host : hosts) {
    const CaaLookup lookup = co_await FindCaa(resolver, host);
    if (!lookup.failure.has_value()) {
      Judge(run, host, lookup, known);
      continue;
    }
    const std::string said = DescribeDnsReply(lookup.failed, *lookup.failure);
    if (lookup.failure->transport != DnsTransport::kReplied) {
      run.NotTested(Concat("the CAA records that count for ", host, " are not known: ", said));
      co_return;
    }
    if (!failed.insert(lookup.failed.name).second) continue;
    const std::optional<Fault> fault =
        co_await JudgeDnsReply(resolver, lookup.failed, *lookup.failure);
    if (!fault.has_value()) continue;
    run.Find(fault->klass, Concat("authorities cannot tell whether they may issue for ", host,
                                  ", and then must not: ", fault->detail));
  }
}

// The domain and its MX hosts within it; those of somebody else have certificates of theirs.
Task<std::vector<std::string>> DnsCaa::Hosts(Resolver& resolver) const {
  if (!settings_.hosts.empty()) co_return settings_.hosts;
  std::vector<std::string> hosts;
  hosts.push_back(CanonicalName(spec_.target));
  DnsQuestion question;
  question.name = spec_.target;
  question.type = RrType::kMx;
  const DnsReply reply = co_await resolver.Query(question);
  for (const ResourceRecord& record : reply.message.answers) {
    const MxRecord* mx = std::get_if<MxRecord>(&record.value);
    if (record.type != RrType::kMx || mx == nullptr || hosts.size() == kMaxHosts) continue;
    const std::string host = CanonicalName(mx->host);
    const bool known = std::ranges::find(hosts, host) != hosts.end();
    if (!known && IsWithin(host, spec_.target)) hosts.push_back(host);
  }
  co_return hosts;
}

void DnsCaa::Judge(StepRecorder& run, const std::string& host, const CaaLookup& lookup,
                   std::set<std::string>& known) const {
  if (lookup.domain.empty()) {
    run.Fact(Concat("caa.", host), "none: any authority may issue");
    return;
  }
  const CaaSet set = ReadCaaSet(lookup.records);
  const bool first = known.insert(lookup.domain).second;
  std::vector<std::string> texts;
  for (const CaaRecord& record : lookup.records) texts.push_back(CaaText(record));
  run.Fact(Concat("caa.", lookup.domain), Join(texts, " | "));
  if (lookup.domain != host) run.Fact(Concat("caa.", host), Concat("as ", lookup.domain));
  if (!first) return;
  if (set.AllowsNobody()) run.Fact("caa.nobody", lookup.domain);
  if (!set.mistakes.empty()) {
    run.Find(FailureClass::kCaaSyntax,
             Concat("the CAA records of ", lookup.domain, ": ", Join(set.mistakes, "; ")));
  }
  if (settings_.issuer.empty() || set.Allows(settings_.issuer)) return;
  run.Find(FailureClass::kCaaForbids,
           Concat(settings_.issuer, " may not issue for ", host, ": the CAA records of ",
                  lookup.domain, " are ", Join(texts, " | ")));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Probe>> MakeDnsCaa(const CheckSpec& spec, const ProbeDeps& deps) {
  return MakeConfigured<DnsCaa, ReadDnsCaaSettings>(spec, deps);
}

}  // namespace postwatch::agent
