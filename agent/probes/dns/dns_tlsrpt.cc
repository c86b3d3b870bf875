#include "agent/probes/dns/dns_tlsrpt.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agent/probes/configured_probe.h"
#include "agent/probes/dns/mail_dns.h"
#include "agent/probes/dns/text_records.h"
#include "common/base/text.h"
#include "common/checks/dns/dns_tlsrpt_settings.h"
#include "common/domain/tls_report.h"

namespace postwatch::agent {
namespace {

class DnsTlsrpt : public ConfiguredProbe<DnsTlsrptSettings> {
 public:
  using ConfiguredProbe::ConfiguredProbe;

  Task<void> Run(StepRecorder& run) override;
};

void JudgeRecord(StepRecorder& run, const std::string& name, const std::string& text) {
  const absl::StatusOr<TlsReportRecord> record = ParseTlsReport(text);
  if (!record.ok()) {
    run.Find(FailureClass::kTlsrptSyntax, Concat("senders cannot use the record at ", name, ": ",
                                                 FromAbsl(record.status().message())));
  } else if (!record->mistakes.empty()) {
    run.Find(FailureClass::kTlsrptSyntax,
             Concat("the record at ", name, ": ", Join(record->mistakes, "; ")));
  }
}

void JudgeTexts(StepRecorder& run, const std::string& name, const TextRecords& records) {
  const std::vector<std::string> found = TextsThat(records.texts, IsTlsReport);
  if (!found.empty()) run.Fact("tlsrpt", Join(found, " | "));
  if (found.size() == 1) {
    JudgeRecord(run, name, found.front());
    return;
  }
  if (found.size() > 1) {
    run.Find(FailureClass::kTlsrptSyntax,
             Concat(name, " has ", found.size(), " TLS-RPT records, so that senders use none"));
    return;
  }
  for (const std::string& text : records.texts) {
    if (!ContainsIgnoreCase(text, "tlsrpt")) continue;
    run.Find(FailureClass::kTlsrptSyntax,
             Concat("the record '", text, "' at ", name, " does not start with v=TLSRPTv1;"));
    return;
  }
  run.Find(FailureClass::kTlsrptMissing,
           Concat("no TLS-RPT record: ", records.absence.empty()
                                             ? Concat("none of those at ", name, " is one")
                                             : records.absence));
}

Task<void> DnsTlsrpt::Run(StepRecorder& run) {
  const RunContext context{deps_, spec_, run};
  run.Begin("dns");
  TouchDns(context, spec_.target);
  const std::string name = Concat("_smtp._tls.", spec_.target);
  TextRecords records;
  const std::optional<Fault> lost =
      co_await LookUpTextsOf(deps_.resolver, spec_.target, name, records);
  if (lost.has_value()) {
    Decide(run, *lost);
  } else {
    JudgeTexts(run, name, records);
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<Probe>> MakeDnsTlsrpt(const CheckSpec& spec, const ProbeDeps& deps) {
  return MakeConfigured<DnsTlsrpt, ReadDnsTlsrptSettings>(spec, deps);
}

}  // namespace postwatch::agent
