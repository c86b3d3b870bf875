#include "agent/probes/dns/dns_dnssec.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "agent/probes/configured_probe.h"
#include "agent/probes/dns/authority.h"
#include "agent/probes/dns/signatures.h"
#include "common/base/text.h"
#include "common/checks/dns/dns_dnssec_settings.h"

namespace postwatch::agent {
namespace {

// What is known of one zone's trust, put together query by query.
struct Trust {
  std::string zone;
  std::vector<DsRecord> ds;
  std::vector<DnskeyRecord> keys;
  KeyChain chain;
  std::vector<SignatureSpan> key_spans, spans;
  std::set<uint16_t> key_signers;  // tags of the keys that signed the DNSKEY set
  std::optional<Fault> refused;    // by a resolver that validates
  bool validated = false;          // the resolver set AD
};

class DnsDnssec : public ConfiguredProbe<DnsDnssecSettings> {
 public:
  using ConfiguredProbe::ConfiguredProbe;

  Task<void> Run(StepRecorder& run) override;

 private:
  Task<std::optional<Fault>> ReadDs(Trust& trust);
  Task<std::optional<Fault>> ReadKeys(Trust& trust);
  Task<std::optional<Fault>> ReadSet(Trust& trust, std::string name, RrType type);
  // Notes what ends soon, and returns what does not hold any more, or not yet.
  std::vector<std::string> Lapses(StepRecorder& run, const Trust& trust) const;
  void Judge(StepRecorder& run, const Trust& trust) const;
};

DnsQuestion Ask(std::string name, RrType type, bool checking_disabled) {
  DnsQuestion question;
  question.name = std::move(name);
  question.type = type;
  question.checking_disabled = checking_disabled;
  return question;
}

void RecordChain(StepRecorder& run, const Trust& trust) {
  run.Fact("dnssec", "signed");
  run.Fact("ds", DsText(trust.ds));
  run.Fact("dnskey", KeyText(trust.keys));
  // Beside one that points at a key: left over, or of a key to come. Validators need one only.
  if (!trust.chain.dangling.empty()) run.Fact("ds.without_key", DsText(trust.chain.dangling));
  for (const auto* spans : {&trust.key_spans, &trust.spans}) {
    for (const SignatureSpan& span : *spans) {
      run.Fact(Concat("rrsig.", AsciiLower(RrTypeText(span.type))), MinuteText(span.expiration));
    }
  }
  // What a resolver lets pass that does not validate proves nothing, and neither does a zone whose
  // records it refuses.
  if (!trust.refused.has_value()) {
    run.Fact("resolver.validates", trust.validated ? "true" : "false");
  }
}

// Why validators must refuse the zone whatever they cache, or nothing. Judged by the key set alone.
std::optional<std::string> BrokenChain(const Trust& trust) {
  if (trust.chain.pointing.empty()) {
    return Concat("no DS at the parent points at a key of ", trust.zone, ": ",
                  DsText(trust.chain.dangling), "; the zone has ", KeyText(trust.keys));
  }
  if (trust.key_signers.empty()) return std::nullopt;  // a resolver that drops signatures
  const bool signed_by_one = std::ranges::any_of(trust.chain.pointing, [&](const DsRecord& ds) {
    return trust.key_signers.contains(ds.key_tag);
  });
  if (signed_by_one) return std::nullopt;
  return Concat("the keys of ", trust.zone,
                " are signed by none that a DS points at: ", DsText(trust.chain.pointing),
                "; signed by ", Join(trust.key_signers, ", "));
}

std::optional<std::string> UnknownSigner(const Trust& trust) {
  for (const SignatureSpan& span : trust.spans) {
    const auto is_it = [&](const DnskeyRecord& key) { return key.KeyTag() == span.key_tag; };
    if (std::ranges::any_of(trust.keys, is_it)) continue;
    return Concat(RrTypeText(span.type), " records of ", trust.zone, " are signed by key ",
                  span.key_tag, ", which is not published; there is ", KeyText(trust.keys));
  }
  return std::nullopt;
}

Task<void> DnsDnssec::Run(StepRecorder& run) {
  const RunContext context{deps_, spec_, run};
  run.Begin("dns");
  TouchDns(context, spec_.target);
  Trust trust;
  std::optional<Fault> fault = co_await FindZone(context, spec_.target, trust.zone);
  if (!fault.has_value()) fault = co_await ReadDs(trust);
  if (fault.has_value()) {
    Decide(run, *fault);
    co_return;
  }
  run.Fact("zone", trust.zone);
  if (trust.ds.empty()) {
    run.Fact("dnssec", "unsigned");
    co_return;
  }
  run.Begin("keys");
  fault = co_await ReadKeys(trust);
  run.Begin("signatures");
  if (!fault.has_value()) fault = co_await ReadSet(trust, trust.zone, RrType::kSoa);
  for (const RrType type : {RrType::kMx, RrType::kA}) {
    if (!fault.has_value()) fault = co_await ReadSet(trust, spec_.target, type);
  }
  if (fault.has_value()) {
    Decide(run, *fault);
    co_return;
  }
  Judge(run, trust);
}

Task<std::optional<Fault>> DnsDnssec::ReadDs(Trust& trust) {
  const DnsQuestion question = Ask(trust.zone, RrType::kDs, false);
  const DnsReply reply = co_await deps_.resolver.Query(question);
  std::optional<Fault> fault = co_await JudgeDnsReply(deps_.resolver, question, reply);
  if (!fault.has_value()) trust.ds = AnswersOf<DsRecord>(reply.message);
  co_return fault;
}

Task<std::optional<Fault>> DnsDnssec::ReadKeys(Trust& trust) {
  const DnsQuestion question = Ask(trust.zone, RrType::kDnskey, true);
  const DnsReply reply = co_await deps_.resolver.Query(question);
  std::optional<Fault> fault = co_await JudgeDnsReply(deps_.resolver, question, reply);
  if (fault.has_value()) co_return fault;
  trust.keys = AnswersOf<DnskeyRecord>(reply.message);
  trust.chain = MatchKeys(trust.zone, trust.ds, trust.keys);
  trust.key_spans = SpansOf(reply.message, trust.zone);
  for (const RrsigRecord& rrsig : AnswersOf<RrsigRecord>(reply.message)) {
    if (rrsig.type_covered == RrType::kDnskey) trust.key_signers.insert(rrsig.key_tag);
  }
  co_return std::nullopt;
}

// One record set as a validating resolver gives it; one it refuses is read unchecked.
Task<std::optional<Fault>> DnsDnssec::ReadSet(Trust& trust, std::string name, RrType type) {
  DnsQuestion question = Ask(name, type, false);
  DnsReply reply = co_await deps_.resolver.Query(question);
  std::optional<Fault> fault = co_await JudgeDnsReply(deps_.resolver, question, reply);
  const bool bogus = fault.has_value() && fault->klass == FailureClass::kDnsDnssecBogus;
  if (fault.has_value() && !bogus && fault->klass != FailureClass::kDnsNxdomain) co_return fault;
  if (bogus) {
    if (!trust.refused.has_value()) trust.refused = fault;
    question.checking_disabled = true;
    reply = co_await deps_.resolver.Query(question);
  } else {
    trust.validated = trust.validated || reply.message.ad;
  }
  const std::vector<SignatureSpan> spans = SpansOf(reply.message, trust.zone);
  trust.spans.insert(trust.spans.end(), spans.begin(), spans.end());
  co_return std::nullopt;
}

std::vector<std::string> DnsDnssec::Lapses(StepRecorder& run, const Trust& trust) const {
  const absl::Time now = deps_.clock.Now();
  std::vector<std::string> lapses;
  for (const auto* spans : {&trust.key_spans, &trust.spans}) {
    for (const SignatureSpan& span : *spans) {
      const std::optional<std::string> lapse = Lapse(span, trust.zone, now);
      if (lapse.has_value()) {
        lapses.push_back(*lapse);
      } else if (IsExpiring(span, now)) {
        const absl::Duration left = absl::Trunc(span.expiration - now, absl::Minutes(1));
        run.Find(FailureClass::kDnsRrsigExpiring,
                 Concat("the signatures of ", RrTypeText(span.type), " records of ", trust.zone,
                        " by key ", span.key_tag, " end at ", MinuteText(span.expiration), ", in ",
                        absl::FormatDuration(left)));
      }
    }
  }
  return lapses;
}

void DnsDnssec::Judge(StepRecorder& run, const Trust& trust) const {
  RecordChain(run, trust);
  if (trust.chain.pointing.empty() && trust.chain.dangling.empty()) {
    run.Fact("dnssec", "signed, by digests that are not known here");
    return;
  }
  std::vector<std::string> reasons = Lapses(run, trust);
  const std::optional<std::string> broken = BrokenChain(trust);
  if (broken.has_value()) reasons.insert(reasons.begin(), *broken);
  if (trust.refused.has_value()) {
    const std::optional<std::string> unknown = UnknownSigner(trust);
    if (reasons.empty() && unknown.has_value()) reasons.push_back(*unknown);
    Fault fault = *trust.refused;
    if (!reasons.empty()) Append(fault.detail, "; ", Join(reasons, "; "));
    Decide(run, fault);
  } else if (trust.chain.pointing.empty()) {
    run.Fail(FailureClass::kDnsDsWithoutDnskey, Join(reasons, "; "));
  } else if (broken.has_value() || (!reasons.empty() && !trust.validated)) {
    run.Fail(FailureClass::kDnsDnssecBogus, Join(reasons, "; "));
  } else if (!reasons.empty()) {
    run.Find(FailureClass::kDnsRrsigExpiring,
             Concat(Join(reasons, "; "), " by this agent's clock, and its resolver takes them"));
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<Probe>> MakeDnsDnssec(const CheckSpec& spec, const ProbeDeps& deps) {
  return MakeConfigured<DnsDnssec, ReadDnsDnssecSettings>(spec, deps);
}

}  // namespace postwatch::agent
