#include "agent/probes/dns/dns_spf.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agent/probes/configured_probe.h"
#include "agent/probes/dns/mail_dns.h"
#include "agent/probes/dns/text_records.h"
#include "common/base/text.h"
#include "common/checks/dns/dns_spf_settings.h"
#include "common/domain/remembering_resolver.h"
#include "common/domain/spf_evaluation.h"
#include "common/domain/spf_record.h"
#include "common/domain/spf_survey.h"

namespace postwatch::agent {
namespace {

constexpr size_t kMaxProblems = 6;  // told of a record; it has a reader who mends them in turn

class DnsSpf : public ConfiguredProbe<DnsSpfSettings> {
 public:
  using ConfiguredProbe::ConfiguredProbe;

  Task<void> Run(StepRecorder& run) override;

 private:
  // What makes the record of no use to receivers; the end of the run where one is required.
  void Unusable(StepRecorder& run, Fault fault) const {
    settings_.require ? Decide(run, fault) : Mention(run, fault);
  }
  std::optional<std::string> TheRecord(StepRecorder& run, const TextRecords& records) const;
  Task<void> Judge(StepRecorder& run, Resolver& resolver, std::string text);
  void JudgeSurvey(StepRecorder& run, const SpfSurvey& survey) const;
  Task<void> JudgeSenders(StepRecorder& run, Resolver& resolver);
};

Task<void> DnsSpf::Run(StepRecorder& run) {
  const RunContext context{deps_, spec_, run};
  run.Begin("dns");
  TouchDns(context, spec_.target);
  RememberingResolver resolver(deps_.resolver);
  TextRecords records;
  const std::optional<Fault> lost =
      co_await LookUpTextsOf(resolver, spec_.target, spec_.target, records);
  if (lost.has_value()) {
    Decide(run, *lost);
    co_return;
  }
  std::optional<std::string> text = TheRecord(run, records);
  if (!text.has_value()) co_return;
  run.Fact("spf", *text);
  co_await Judge(run, resolver, *std::move(text));
}

// The one SPF record of the domain; says what is wrong when there is not exactly one.
std::optional<std::string> DnsSpf::TheRecord(StepRecorder& run, const TextRecords& records) const {
  std::vector<std::string> found = TextsThat(records.texts, IsSpfRecord);
  if (found.size() == 1) return found.front();
  if (found.size() > 1) {
    run.Fact("spf", Join(found, " | "));
    Unusable(run, {FailureClass::kSpfMultiple,
                   Concat(spec_.target, " has ", found.size(),
                          " SPF records, so that receivers use none: ", Join(found, " | ")),
                   std::nullopt});
    return std::nullopt;
  }
  std::string detail = records.absence;
  for (const std::string& text : records.texts) {
    if (!ContainsIgnoreCase(text, "v=spf1")) continue;
    detail = Concat("the record '", text, "' does not start with 'v=spf1 '");
  }
  if (detail.empty()) detail = "none of its TXT records starts with v=spf1";
  Unusable(run, {FailureClass::kSpfMissing, Concat(spec_.target, " has no SPF record: ", detail),
                 std::nullopt});
  return std::nullopt;
}

Task<void> DnsSpf::Judge(StepRecorder& run, Resolver& resolver, std::string text) {
  const absl::StatusOr<SpfRecord> record = ParseSpfRecord(text);
  if (!record.ok()) {
    const Fault broken{FailureClass::kSpfSyntax,
                       Concat("receivers cannot use the SPF record of ", spec_.target, ": ",
                              FromAbsl(record.status().message())),
                       std::nullopt};
    Unusable(run, broken);
    co_return;
  }
  SpfRecord parsed = *record;
  const SpfSurvey survey = co_await SurveySpf(resolver, spec_.target, std::move(parsed));
  JudgeSurvey(run, survey);
  if (run.decided()) co_return;
  co_await JudgeSenders(run, resolver);
}

Fault FaultOf(const SpfProblem& problem) {
  using Kind = SpfProblem::Kind;
  if (problem.kind == Kind::kLookupFailed) {
    return {DnsFailureClass(problem.reply).value_or(FailureClass::kUnspecified),
            Concat(problem.detail, ": ", DescribeDnsReply(problem.question, problem.reply)),
            std::nullopt};
  }
  const FailureClass klass = problem.kind == Kind::kPassAll     ? FailureClass::kSpfPassAll
                             : problem.kind == Kind::kTooManyMx ? FailureClass::kSpfTooManyLookups
                                                                : FailureClass::kSpfIncludeBroken;
  return {klass, problem.detail, std::nullopt};
}

void DnsSpf::JudgeSurvey(StepRecorder& run, const SpfSurvey& survey) const {
  const std::string_view at_least = survey.complete ? "" : "at least ";
  run.Fact("spf.lookups", Concat(at_least, survey.lookups));
  run.Fact("spf.void_lookups", Concat(at_least, survey.void_terms.size()));
  std::vector<Fault> unusable;
  for (size_t i = 0; i < survey.problems.size() && i < kMaxProblems; ++i) {
    const Fault fault = FaultOf(survey.problems[i]);
    const bool breaks = fault.klass == FailureClass::kSpfIncludeBroken ||
                        fault.klass == FailureClass::kSpfTooManyLookups;
    breaks ? unusable.push_back(fault) : Mention(run, fault);
  }
  if (survey.lookups > kMaxSpfLookups) {
    unusable.push_back({FailureClass::kSpfTooManyLookups,
                        Concat("the record takes ", at_least, survey.lookups,
                               " lookups, receivers give up after ", kMaxSpfLookups),
                        std::nullopt});
  }
  if (survey.void_terms.size() > static_cast<size_t>(kMaxSpfVoidLookups)) {
    unusable.push_back({FailureClass::kSpfVoidLookups,
                        Concat(survey.void_terms.size(), " lookups find nothing, receivers bear ",
                               kMaxSpfVoidLookups, ": ", Join(survey.void_terms, ", ")),
                        std::nullopt});
  }
  // All of them are told before one may end the run.
  for (size_t i = 1; i < unusable.size(); ++i) Mention(run, unusable[i]);
  if (!unusable.empty()) Unusable(run, unusable.front());
}

// The run ends with the first sender that is refused, unless it ends with one nobody can judge.
Task<void> DnsSpf::JudgeSenders(StepRecorder& run, Resolver& resolver) {
  std::optional<Fault> refused;
  std::string unknown;
  for (const std::string& ip : settings_.senders) {
    SpfQuery query;
    query.ip = ip;
    query.domain = spec_.target;
    const SpfVerdict verdict = co_await CheckSpf(resolver, std::move(query));
    const std::string said = Concat(SpfResultName(verdict.result), " (", verdict.why, ")");
    run.Fact(Concat("spf.sender.", ip), said);
    if (verdict.result == SpfResult::kPass) continue;
    if (verdict.result == SpfResult::kTempError) {
      unknown = Concat("whether ", ip, " may send cannot be told: ", verdict.why);
      continue;
    }
    const Fault uncovered{FailureClass::kSpfSenderNotCovered,
                          Concat(ip, " sends for ", spec_.target, ", and SPF says ", said),
                          std::nullopt};
    if (verdict.result == SpfResult::kFail && !refused.has_value()) {
      refused = uncovered;
    } else {
      Mention(run, uncovered);
    }
  }
  if (refused.has_value()) {
    Decide(run, *refused);
  } else if (!unknown.empty()) {
    run.NotTested(unknown);
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<Probe>> MakeDnsSpf(const CheckSpec& spec, const ProbeDeps& deps) {
  return MakeConfigured<DnsSpf, ReadDnsSpfSettings>(spec, deps);
}

}  // namespace postwatch::agent
