// libFuzzer entry point for DMARC and TLS-RPT records: whatever a domain publishes, no crash; what
// is accepted has a policy that is one, and reports that go somewhere.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "common/domain/dmarc_record.h"
#include "common/domain/report_uri.h"
#include "common/domain/tls_report.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  const absl::StatusOr<postwatch::TlsReportRecord> reports = postwatch::ParseTlsReport(text);
  if (reports.ok() && reports->rua.empty()) std::abort();
  const absl::StatusOr<postwatch::DmarcRecord> record = postwatch::ParseDmarcRecord(text);
  if (!record.ok()) return 0;
  if (!postwatch::IsDmarcRecord(text)) std::abort();
  if (postwatch::ParseDmarcPolicy(postwatch::DmarcPolicyName(record->policy)) != record->policy) {
    std::abort();
  }
  if (postwatch::EffectivePolicy(record->policy, true) > record->policy) std::abort();
  for (const std::string& uri : record->rua) {
    if (postwatch::MailtoDomain(uri).empty()) std::abort();
  }
  return 0;
}
