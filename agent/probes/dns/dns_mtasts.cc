#include "agent/probes/dns/dns_mtasts.h"

#include <optional>
#include <utility>

#include "agent/probes/configured_probe.h"
#include "agent/probes/dns/mail_dns.h"
#include "agent/probes/dns/mtasts_fetch.h"
#include "agent/probes/dns/mtasts_hosts.h"
#include "agent/probes/dns/text_records.h"
#include "agent/probes/mail/time_share.h"
#include "common/base/text.h"
#include "common/checks/dns/dns_mtasts_settings.h"
#include "common/domain/mtasts_policy.h"

namespace postwatch::agent {
namespace {

constexpr absl::Duration kShortMaxAge = absl::Hours(24);  // protects from no attack that waits
constexpr size_t kMaxHostsShown = 5;

// A policy as it was served with an id.
struct ServedPolicy {
  std::string id, text;
};

class DnsMtaSts : public ConfiguredProbe<DnsMtaStsSettings> {
 public:
  using ConfiguredProbe::ConfiguredProbe;

  Task<void> Run(StepRecorder& run) override;

 private:
  Task<std::optional<Fault>> FindRecord(const RunContext& context,
                                        std::optional<MtaStsRecord>& record);
  Task<std::optional<Fault>> FetchPolicy(const RunContext& context, MtaStsRecord record,
                                         std::optional<MtaStsPolicy>& policy);
  void CompareWithLast(const RunContext& context, ServedPolicy now);
  Task<std::optional<Fault>> CompareWithMx(const RunContext& context, MtaStsPolicy policy,
                                           absl::Duration end);

  std::optional<ServedPolicy> last_;
};

Task<void> DnsMtaSts::Run(StepRecorder& run) {
  const RunContext context{deps_, spec_, run};
  const absl::Duration end = deps_.clock.Steady() + VisitingTime(spec_);
  run.Begin("dns");
  std::optional<MtaStsRecord> record;
  std::optional<Fault> fault = co_await FindRecord(context, record);
  std::optional<MtaStsPolicy> policy;
  if (record.has_value()) {
    const size_t mark = run.touched_count();
    fault = co_await FetchPolicy(context, *record, policy);
    // Who serves the policy has no part in what follows.
    run.Recall(mark);
  }
  if (policy.has_value() && policy->mode != MtaStsMode::kNone) {
    fault = co_await CompareWithMx(context, *policy, end);
  }
  if (fault.has_value()) Decide(run, *fault);
}

Task<std::optional<Fault>> DnsMtaSts::FindRecord(const RunContext& context,
                                                 std::optional<MtaStsRecord>& record) {
  TouchDns(context, spec_.target);
  const std::string name = Concat("_mta-sts.", CanonicalName(spec_.target));
  TextRecords records;
  std::optional<Fault> unknown =
      co_await LookUpTextsOf(deps_.resolver, spec_.target, name, records);
  if (unknown.has_value()) co_return unknown;
  const std::vector<std::string> texts = TextsThat(records.texts, IsMtaStsRecord);
  context.run.Fact("mtasts", texts.empty() ? "none" : "broken");
  if (texts.empty()) co_return std::nullopt;
  if (texts.size() > 1) {
    context.run.Find(
        FailureClass::kMtastsSyntax,
        Concat(name, " has ", texts.size(), " MTA-STS records, which senders take for none"));
    co_return std::nullopt;
  }
  const absl::StatusOr<MtaStsRecord> parsed = ParseMtaStsRecord(texts.front());
  if (!parsed.ok()) {
    context.run.Find(FailureClass::kMtastsSyntax,
                     Concat("senders ignore the record at ", name, ": ",
                            FromAbsl(parsed.status().message()), ": ", texts.front()));
    co_return std::nullopt;
  }
  record = *parsed;
  context.run.Fact("mtasts.id", record->id);
  co_return std::nullopt;
}

// What is wrong with an answer as such, senders being bound to RFC 8461 section 3.3; "" for none.
std::string AnswerMistake(const HttpAnswer& answer) {
  if (answer.status >= 300 && answer.status < 400) {
    return Concat("it redirects to ", answer.Header("location"),
                  ", which senders must not follow (status ", answer.status, ")");
  }
  if (answer.status != 200) return Concat("the answer is status ", answer.status);
  return "";
}

bool IsPlainText(const HttpAnswer& answer) {
  const std::string_view type = answer.Header("content-type");
  return EqualsIgnoreCase(Trim(type.substr(0, type.find(';'))), "text/plain");
}

// The finding for a policy that could not be had; a certificate that does not verify by its own
// name.
Fault Unreachable(const Fault& fault, const WebAnswer& answer, const std::string& where) {
  const bool distrusted = answer.tls.has_value() && !answer.tls->verified;
  return {distrusted ? FailureClass::kMtastsCertBad : FailureClass::kMtastsPolicyUnreachable,
          Concat(distrusted ? "the certificate does not verify for senders that ask for "
                            : "there is no policy at ",
                 where, ": ", FailureClassName(fault.klass), ": ", fault.detail),
          std::nullopt};
}

Task<std::optional<Fault>> DnsMtaSts::FetchPolicy(const RunContext& context, MtaStsRecord record,
                                                  std::optional<MtaStsPolicy>& policy) {
  WebRequest request = MtaStsRequest(spec_.target, settings_.https_port);
  const std::string where = request.url.Text();
  WebAnswer answer;
  const std::optional<Fault> fault = co_await FetchWeb(context, request, answer);
  if (answer.tls.has_value()) RecordTls(context.run, *answer.tls);
  if (fault.has_value()) {
    // A cancelled run or a silent resolver of ours says nothing of the domain.
    if (fault->klass == FailureClass::kUnspecified) co_return fault;
    Mention(context.run, Unreachable(*fault, answer, where));
    co_return std::nullopt;
  }
  const std::string mistake = AnswerMistake(answer.http);
  if (!mistake.empty()) {
    context.run.Find(FailureClass::kMtastsPolicyUnreachable,
                     Concat("there is no policy at ", where, ": ", mistake));
    co_return std::nullopt;
  }
  context.run.Begin("policy");
  if (!IsPlainText(answer.http)) {
    context.run.Find(FailureClass::kMtastsSyntax,
                     Concat("the policy at ", where, " is served as '",
                            answer.http.Header("content-type"), "', not as text/plain"));
  }
  absl::StatusOr<MtaStsPolicy> parsed = ParseMtaStsPolicy(answer.http.body);
  if (!parsed.ok()) {
    context.run.Find(FailureClass::kMtastsSyntax,
                     Concat("senders cannot use the policy at ", where, ": ",
                            FromAbsl(parsed.status().message())));
    co_return std::nullopt;
  }
  policy = *std::move(parsed);
  context.run.Fact("mtasts", MtaStsModeName(policy->mode));
  context.run.Fact("mtasts.mx", Join(policy->mx, ", "));
  context.run.Fact("mtasts.max_age", Concat(absl::ToInt64Seconds(policy->max_age), "s"));
  if (policy->mode != MtaStsMode::kNone && policy->max_age < kShortMaxAge) {
    context.run.Find(
        FailureClass::kMtastsMaxageShort,
        Concat("senders forget the policy after max_age: ", absl::ToInt64Seconds(policy->max_age),
               " seconds; weeks are usual, under a day protects little"));
  }
  CompareWithLast(context, {record.id, answer.http.body});
  co_return std::nullopt;
}

// Senders fetch a policy again only when the id changes (RFC 8461 section 3.1).
void DnsMtaSts::CompareWithLast(const RunContext& context, ServedPolicy now) {
  if (last_.has_value() && last_->id == now.id && last_->text != now.text) {
    context.run.Find(FailureClass::kMtastsIdNotBumped,
                     Concat("the policy changed and its id did not (", now.id,
                            "): senders go on with the old one"));
    // Told until the id changes.
    return;
  }
  last_ = std::move(now);
}

Task<std::optional<Fault>> DnsMtaSts::CompareWithMx(const RunContext& context, MtaStsPolicy policy,
                                                    absl::Duration end) {
  context.run.Begin("mx");
  MxHosts mx;
  std::optional<Fault> lost = co_await LookUpMx(context, spec_.target, mx);
  if (lost.has_value() && lost->klass == FailureClass::kDnsNullMx) co_return std::nullopt;
  if (lost.has_value()) co_return lost;
  std::vector<std::string> uncovered;
  std::vector<std::string> covered;
  for (const MxRecord& record : mx.hosts) {
    (policy.Covers(record.host) ? covered : uncovered).push_back(record.host);
  }
  const bool enforced = policy.mode == MtaStsMode::kEnforce;
  if (uncovered.empty()) {
    co_return co_await VisitPolicyHosts(context, covered, enforced, end);
  }
  const size_t count = uncovered.size();
  if (count > kMaxHostsShown) uncovered.resize(kMaxHostsShown);
  Fault mismatch{FailureClass::kMtastsMxMismatch,
                 Concat("the MTA-STS policy does not cover ", count, " of ", mx.hosts.size(),
                        " MX hosts (", Join(uncovered, ", "), "), but ", Join(policy.mx, ", "),
                        enforced ? ": senders that honour it do not deliver there"
                                 : "; it is in testing, else senders would not deliver there"),
                 std::nullopt};
  if (enforced) co_return mismatch;
  Mention(context.run, mismatch);
  co_return std::nullopt;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Probe>> MakeDnsMtaSts(const CheckSpec& spec, const ProbeDeps& deps) {
  return MakeConfigured<DnsMtaSts, ReadDnsMtaStsSettings>(spec, deps);
}

}  // namespace postwatch::agent
