#include "agent/probes/dns/dns_dmarc.h"

#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "agent/probes/configured_probe.h"
#include "agent/probes/dns/mail_dns.h"
#include "agent/probes/dns/text_records.h"
#include "common/base/text.h"
#include "common/checks/dns/dns_dmarc_settings.h"
#include "common/domain/dmarc_record.h"
#include "common/domain/dmarc_tree.h"
#include "common/domain/remembering_resolver.h"
#include "common/domain/report_uri.h"

namespace postwatch::agent {
namespace {

constexpr size_t kMaxDestinations = 5;  // whose leave is asked for

class DnsDmarc : public ConfiguredProbe<DnsDmarcSettings> {
 public:
  using ConfiguredProbe::ConfiguredProbe;

  Task<void> Run(StepRecorder& run) override;

 private:
  bool IsOneOfOwn(StepRecorder& run, const TextRecords& records) const;
  Task<void> Inherit(StepRecorder& run, Resolver& resolver, TextRecords own);
  Task<void> Judge(StepRecorder& run, Resolver& resolver, PublishedDmarc published) const;
  void JudgePolicy(StepRecorder& run, const PublishedDmarc& published) const;
  Task<bool> MayReport(Resolver& resolver, std::string source, std::string destination) const;
};

Task<void> DnsDmarc::Run(StepRecorder& run) {
  const RunContext context{deps_, spec_, run};
  run.Begin("dns");
  TouchDns(context, spec_.target);
  RememberingResolver resolver(deps_.resolver);
  std::string name = Concat("_dmarc.", spec_.target);
  TextRecords own;
  const std::optional<Fault> lost =
      co_await LookUpTextsOf(resolver, spec_.target, std::move(name), own);
  if (lost.has_value()) {
    Decide(run, *lost);
    co_return;
  }
  if (IsOneOfOwn(run, own)) {
    PublishedDmarc published;
    published.domain = CanonicalName(spec_.target);
    published.text = TextsThat(own.texts, IsDmarcRecord).front();
    published.record = *ParseDmarcRecord(published.text);
    co_await Judge(run, resolver, std::move(published));
  } else if (TextsThat(own.texts, IsDmarcRecord).empty()) {
    co_await Inherit(run, resolver, std::move(own));
  }
}

// Whether the domain has a record of its own that can be used; says what is wrong with what can't.
bool DnsDmarc::IsOneOfOwn(StepRecorder& run, const TextRecords& records) const {
  const std::vector<std::string> found = TextsThat(records.texts, IsDmarcRecord);
  if (found.empty()) return false;
  run.Fact("dmarc", Join(found, " | "));
  if (found.size() > 1) {
    run.Find(FailureClass::kDmarcMultiple,
             Concat("_dmarc.", spec_.target, " has ", found.size(),
                    " DMARC records, so that receivers use none: ", Join(found, " | ")));
    return false;
  }
  const absl::StatusOr<DmarcRecord> record = ParseDmarcRecord(found.front());
  if (record.ok()) return true;
  run.Find(FailureClass::kDmarcSyntax,
           Concat("receivers cannot use the record at _dmarc.", spec_.target, ": ",
                  FromAbsl(record.status().message())));
  return false;
}

// The domain has none of its own: the record of a domain above it counts.
Task<void> DnsDmarc::Inherit(StepRecorder& run, Resolver& resolver, TextRecords own) {
  DmarcTree tree = co_await WalkDmarcTree(resolver, spec_.target);
  const PublishedDmarc* applicable = tree.Applicable();
  if (tree.failure.has_value()) {
    run.NotTested(
        Concat(spec_.target, " has no DMARC record of its own, and whether a domain above ",
               "it has one cannot be told: ", DescribeDnsReply(tree.failed, *tree.failure)));
    co_return;
  }
  for (const std::string& text : own.texts) {
    if (!ContainsIgnoreCase(text, "dmarc")) continue;
    run.Find(FailureClass::kDmarcSyntax,
             Concat("the record '", text, "' at _dmarc.", spec_.target,
                    " does not start with v=DMARC1, so that it counts for nothing"));
    if (applicable == nullptr) co_return;
  }
  if (applicable == nullptr) {
    run.Find(FailureClass::kDmarcMissing,
             Concat("no DMARC record for ", spec_.target, ": ",
                    own.absence.empty() ? "none of the records there is one" : own.absence,
                    "; none above it"));
    co_return;
  }
  PublishedDmarc published = *applicable;
  run.Fact("dmarc", published.text);
  co_await Judge(run, resolver, std::move(published));
}

void DnsDmarc::JudgePolicy(StepRecorder& run, const PublishedDmarc& published) const {
  const DmarcRecord& record = published.record;
  const bool inherited = published.domain != CanonicalName(spec_.target);
  const DmarcPolicy policy = inherited ? record.for_subdomains() : record.policy;
  run.Fact("dmarc.source", published.domain);
  run.Fact("dmarc.policy", DmarcPolicyName(policy));
  run.Fact("dmarc.subdomain_policy", DmarcPolicyName(record.for_subdomains()));
  if (record.testing) run.Fact("dmarc.testing", "true");
  const std::optional<DmarcPolicy> expected = ParseDmarcPolicy(settings_.expect_policy);
  const DmarcPolicy effective = EffectivePolicy(policy, record.testing);
  if (!expected.has_value() || effective >= *expected) return;
  run.Find(FailureClass::kDmarcPolicyWeakened,
           Concat("the policy for ", spec_.target, " is ", DmarcPolicyName(effective),
                  record.testing ? " (t=y weakens it)" : "", ", expected ",
                  DmarcPolicyName(*expected), "; the record stands at _dmarc.", published.domain));
}

Task<void> DnsDmarc::Judge(StepRecorder& run, Resolver& resolver, PublishedDmarc published) const {
  JudgePolicy(run, published);
  const DmarcRecord& record = published.record;
  if (!record.mistakes.empty()) {
    run.Find(FailureClass::kDmarcSyntax,
             Concat("the record at _dmarc.", published.domain, ": ", Join(record.mistakes, "; ")));
  }
  std::set<std::string> destinations;
  for (const std::vector<std::string>* uris : {&record.rua, &record.ruf}) {
    for (const std::string& uri : *uris) destinations.insert(CanonicalName(MailtoDomain(uri)));
  }
  size_t asked = 0;
  for (const std::string& destination : destinations) {
    if (++asked > kMaxDestinations) break;
    const bool may = co_await MayReport(resolver, published.domain, destination);
    if (may) continue;
    run.Find(FailureClass::kDmarcRuaUnauthorised,
             Concat("reports are to go to ", destination, ", which does not agree: no v=DMARC1 at ",
                    published.domain, "._report._dmarc.", destination));
  }
}

// RFC 9990 section 4: whoever is not of the same organization must say that it takes the reports.
// True where that cannot be told.
Task<bool> DnsDmarc::MayReport(Resolver& resolver, std::string source,
                               std::string destination) const {
  if (IsWithin(destination, source) || IsWithin(source, destination)) co_return true;
  std::string name = Concat(source, "._report._dmarc.", destination);
  TextRecords records;
  const std::optional<Fault> lost = co_await LookUpTexts(resolver, std::move(name), records);
  if (lost.has_value() || !TextsThat(records.texts, IsDmarcRecord).empty()) co_return true;
  const DmarcTree ours = co_await WalkDmarcTree(resolver, source);
  const DmarcTree theirs = co_await WalkDmarcTree(resolver, destination);
  if (ours.failure.has_value() || theirs.failure.has_value()) co_return true;
  co_return ours.OrganizationalDomain() == theirs.OrganizationalDomain();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Probe>> MakeDnsDmarc(const CheckSpec& spec, const ProbeDeps& deps) {
  return MakeConfigured<DnsDmarc, ReadDnsDmarcSettings>(spec, deps);
}

}  // namespace postwatch::agent
